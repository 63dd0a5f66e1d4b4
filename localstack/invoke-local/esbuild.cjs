const { dirname, join, relative, resolve } = require('node:path')

const PROJECT = resolve(__dirname, '..', '..')

/** Modules that connect to servers, and their replacements. */
const STAND_INS = {
  'packages/runtime/lambda/connections.ts': 'localstack/invoke-local/connections.ts',
  'packages/runtime/lambda/kafka-connections.ts': 'localstack/invoke-local/kafka-connections.ts',
  'packages/runtime/adapters/lambda/observer.ts': 'localstack/invoke-local/observer.ts',
}

/**
 * Replaces the modules that connect to servers in the bundles for `serverless invoke local`. No variable and no branch in the
 * code decides this: deployed code, and code in `serverless offline`, does not contain the replacements.
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

/** Whether the command uses a state and an output of its own. */
function invokesApart({ processedInput, classes }, { SLUICE_LIVE = '' }) {
  if (processedInput.commands.join(' ') !== 'invoke local') return false
  if (['', '0', '1'].includes(SLUICE_LIVE)) return SLUICE_LIVE !== '1'
  const message = `SLUICE_LIVE is "${SLUICE_LIVE}". It may be 1: the state and the topics of the running stack`
  throw new classes.Error(message, 'SLUICE_LIVE')
}

module.exports = { invokesApart, standIns }
