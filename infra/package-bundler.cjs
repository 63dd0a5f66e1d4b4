/**
 * Loads serverless-esbuild for all commands except `serverless offline`, because localstack/reload/plugin.ts builds the functions
 * for that command. Loading serverless-esbuild takes 150 MiB and almost a second.
 */
module.exports = class PackageBundler {
  constructor(serverless, ...others) {
    if (serverless.processedInput.commands[0] === 'offline') return
    const ServerlessEsbuild = require('serverless-esbuild')
    // biome-ignore lint/correctness/noConstructorReturn: the framework takes what the constructor makes
    return new ServerlessEsbuild(serverless, ...others)
  }
}
