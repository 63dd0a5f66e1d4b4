const { dirname, join, relative, resolve } = require('node:path')

const PROJECT = resolve(__dirname, '..', '..')

/** Modules that connect to servers, with their replacements. */
const STAND_INS = {
  'packages/runtime/lambda/connections.ts': 'localstack/invoke-local/connections.ts',
  'packages/runtime/lambda/kafka-connections.ts': 'localstack/invoke-local/kafka-connections.ts',
  'packages/runtime/adapters/lambda/observer.ts': 'localstack/invoke-local/observer.ts',
}

/**
 * esbuild plugin for `serverless invoke local`. In the bundles, it replaces the modules that connect to servers. Deployed code and
 * code in `serverless offline` do not contain the replacements.
 */
const standIns = {
  name: 'stand-ins',
  setup(build) {
    build.onResolve({ filter: /(connections|observer)\.ts$/ }, ({ path, importer, resolveDir }) => {
      const standIn = STAND_INS[relative(PROJECT, resolve(resolveDir, path))]
      // A replacement may import the module that it replaces.
      if (!standIn || dirname(importer) === __dirname) return undefined
      return { path: join(PROJECT, standIn) }
    })
  },
}

/** Returns true if the command runs without servers, with in-memory state and a transcript as its output. */
function invokesApart({ processedInput, classes }, { SLUICE_LIVE = '' }) {
  if (processedInput.commands.join(' ') !== 'invoke local') return false
  if (['', '0', '1'].includes(SLUICE_LIVE)) return SLUICE_LIVE !== '1'
  const message = `SLUICE_LIVE is "${SLUICE_LIVE}". Set it to 1 to use the state and topics of the running stack, or unset it`
  throw new classes.Error(message, 'SLUICE_LIVE')
}

module.exports = { invokesApart, standIns }
