/** What the servers of a deployment must be, as far as they are reached from where it is deployed. */
import { readConfig } from '../../lib/app/config.ts'
import { type DeploymentRefusals, deploymentRefusals } from '../../lib/app/doctor/servers.ts'
import type { Environment } from '../../lib/app/settings/index.ts'
import { Connections } from '../../lib/runtime/lambda/connections.ts'
import { ConfigError } from '../../lib/runtime/settings/config-error.ts'

/**
 * Looks over the network. Nothing is changed.
 *
 * @param variables those of the functions, which are known to be right
 */
export async function serverProblems(variables: Environment): Promise<DeploymentRefusals> {
  const connections = opened(variables)
  if (!connections) return { problems: [], unseen: [] }
  try {
    return await deploymentRefusals(connections.config, connections.connections)
  } finally {
    // What was not reached may still be connecting.
    await connections.connections.close().catch(() => {})
  }
}

/** Undefined if the settings are wrong: another check says so. */
function opened(variables: Environment) {
  try {
    const config = readConfig(variables)
    return { config, connections: new Connections(config, 'deployment') }
  } catch (error) {
    if (error instanceof ConfigError) return undefined
    throw error
  }
}
