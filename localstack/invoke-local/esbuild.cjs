const { dirname, join, relative, resolve } = require('node:path')

const PROJECT = resolve(__dirname, '..', '..')

/** What reaches servers, and what stands in for it. */
const STAND_INS = {
  'lib/connections.ts': 'localstack/invoke-local/connections.ts',
  'lib/kafka-connections.ts': 'localstack/invoke-local/kafka-connections.ts',
  'lib/adapters/lambda/observer.ts': 'localstack/invoke-local/observer.ts',
}

/**
 * `serverless invoke local` gets bundles in which other modules stand in for those that reach servers. No variable and no branch
 * in the code decides it: what is deployed, or runs in `serverless offline`, holds nothing of the stand-ins.
 */
const standIns = {
  name: 'stand-ins',
  setup(build) {
    build.onResolve({ filter: /(connections|observer)\.ts$/ }, ({ path, importer, resolveDir }) => {
      const standIn = STAND_INS[relative(PROJECT, resolve(resolveDir, path))]
      // A stand-in builds on what it stands in for.
      if (!standIn || dirname(importer) === __dirname) return undefined
      return { path: join(PROJECT, standIn) }
    })
  },
}

/** Whether the command is to have a state and an output of its own. */
function invokesApart({ processedInput, classes }, { SLUICE_LIVE = '' }) {
  if (processedInput.commands.join(' ') !== 'invoke local') return false
  if (['', '0', '1'].includes(SLUICE_LIVE)) return SLUICE_LIVE !== '1'
  const message = `SLUICE_LIVE is "${SLUICE_LIVE}". It may be 1: the state and the topics of the running stack`
  throw new classes.Error(message, 'SLUICE_LIVE')
}

module.exports = { invokesApart, standIns }
