{
  "name": "fusee",
  "version": "0.1.0",
  "description": "A GitOps controller that turns a Git repository of workflow files into chains of Kubernetes Jobs, and their runs back into Git history",
  "license": "Apache-2.0",
  "type": "module",
  "bin": {
    "fusee": "dist/fusee.mjs"
  },
  "files": [
    "dist/fusee.mjs",
    "schemas",
    "sample-repo"
  ],
  "engines": {
    "node": ">=20.19"
  },
  "private": true,
  "scripts": {
    "start": "npm run --silent build && node dist/fusee.mjs",
    "test": "vitest run",
    "check": "node scripts/run.mjs check",
    "build": "node scripts/run.mjs build",
    "types": "tsc -p .",
    "lint": "eslint . --max-warnings 0",
    "format": "prettier --write --log-level warn .",
    "generate": "node scripts/run.mjs --if-present generate"
  },
  "dependencies": {
    "ajv": "8.20.0",
    "cli-table3": "0.6.5",
    "commander": "14.0.3",
    "croner": "11.0.1",
    "express": "5.3.0",
    "isomorphic-git": "1.44.11",
    "picocolors": "1.1.1",
    "pino": "10.4.0",
    "yaml": "2.9.1"
  },
  "devDependencies": {
    "@types/express": "5.0.6",
    "@types/node": "20.19.43",
    "esbuild": "0.28.2",
    "eslint": "10.15.0",
    "fast-check": "4.10.2",
    "json-schema-to-typescript": "16.0.0",
    "knip": "6.42.1",
    "prettier": "3.10.1",
    "typescript": "6.0.3",
    "typescript-eslint": "8.73.0",
    "vitest": "4.1.12"
  },
  "prettier": {
    "semi": false,
    "singleQuote": true,
    "printWidth": 150,
    "overrides": [
      {
        "files": [
          "*.yaml",
          "*.yml"
        ],
        "options": {
          "singleQuote": false,
          "bracketSpacing": false
        }
      }
    ]
  },
  "allowScripts": {
    "esbuild": false
  }
}
