const { mkdirSync } = require('node:fs')
const { join } = require('node:path')

/**
 * Loads serverless-esbuild for all commands except `serverless offline`, because localstack/reload/plugin.ts builds the functions
 * for that command. Loading serverless-esbuild takes 150 MiB and almost a second.
 */
module.exports = class PackageBundler {
  constructor(serverless, ...others) {
    if (serverless.processedInput.commands[0] === 'offline') return
    const ServerlessEsbuild = require('serverless-esbuild')
    const bundler = new ServerlessEsbuild(serverless, ...others)
    const { pack } = bundler
    bundler.pack = () => withTemporaryFolder(join(bundler.workDirPath, 'temporary'), pack)
    // biome-ignore lint/correctness/noConstructorReturn: the framework takes what the constructor makes
    return bundler
  }
}

/**
 * Runs `work` with another temporary folder. serverless-esbuild copies each package there and removes only empty copies; its
 * working folder is removed after every command.
 */
async function withTemporaryFolder(folder, work) {
  const { TMPDIR } = process.env
  mkdirSync(folder, { recursive: true })
  process.env.TMPDIR = folder
  try {
    await work()
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = TMPDIR
  }
}
