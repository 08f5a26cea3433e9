// Starts Swagger UI on the market's own document. A file of its own, because the page's
// policy allows no script inside it.
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  // An access token goes when the page goes.
  persistAuthorization: false,
  // The document is sent to nobody.
  validatorUrl: null,
});
