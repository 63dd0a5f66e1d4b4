const ServerlessEsbuild = require('serverless-esbuild')

/** serverless-esbuild, but not for `serverless offline`: localstack/reload/plugin.ts builds the functions there. */
module.exports = class PackageBundler extends ServerlessEsbuild {
  constructor(...args) {
    super(...args)
    delete this.hooks['before:offline:start']
    delete this.hooks['before:offline:start:init']
  }
}
