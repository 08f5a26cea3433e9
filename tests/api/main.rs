//! The API as its clients see it: requests through the real edge, on the embedded engine.

mod defects;
