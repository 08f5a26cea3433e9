// Holds a document to AsyncAPI 3: prints what the reference parser finds, and fails if it is an error.
const { readFileSync } = require("node:fs");
const { Parser } = require("@asyncapi/parser");

const ERROR = 0;

new Parser().parse(readFileSync(process.argv[2], "utf8")).then(({ document, diagnostics }) => {
    const errors = diagnostics.filter(({ severity }) => severity === ERROR);
    errors.forEach(({ path, message }) => console.error(`${path.join(".")}: ${message}`));
    console.log(`AsyncAPI: ${errors.length} errors in ${document?.allMessages().length ?? 0} messages`);
    process.exitCode = document && errors.length === 0 ? 0 : 1;
});
