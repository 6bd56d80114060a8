import js from "@eslint/js";

export default [
  js.configs.recommended,
  { languageOptions: { globals: { __ENV: "readonly", open: "readonly" } }, rules: { eqeqeq: "error", "no-var": "error", "prefer-const": "error" } },
];
