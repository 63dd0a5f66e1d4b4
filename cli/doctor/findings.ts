/** Collects findings about a running environment. */

import { Connections } from '#runtime/functions/connections'
import type { Environment } from '#runtime/settings'
import { checkHistory } from '../../control/diagnosis/checks/history.ts'
import { examineEnvironment } from '../../control/diagnosis/examine.ts'
import type { Finding } from '../../control/diagnosis/finding.ts'
import { gatherArchiveFacts } from '../../control/diagnosis/gather-history.ts'
import type { Config } from '../../control/environment/config.ts'
import { readFunctions } from '../../control/environment/function-entries.ts'
import { historyAt } from '../../lib/app/connections/history-store.ts'
import { awsPlace } from '../../scripts/aws-endpoint.ts'

/**
 * Returns findings about a running environment.
 *
 * @param asAccount true to apply the requirements for an AWS account
 */
export async function collectFindings(
  config: Config,
  asAccount: boolean,
  environment: Environment,
): Promise<Finding[]> {
  const connections = new Connections(config, 'sluice-doctor')
  try {
    return [
      ...(await examineEnvironment({
        config,
        connections,
        functions: readFunctions(),
        asAccount,
      })),
      ...(await collectHistoryFindings(config, environment)),
    ]
  } finally {
    await connections.close().catch(() => {})
  }
}

/** Returns findings about the history; none without a bucket. */
async function collectHistoryFindings(config: Config, environment: Environment): Promise<Finding[]> {
  const store = await historyAt(config, awsPlace(environment))
  if (!store) return []
  try {
    return (await gatherArchiveFacts(store, config, Date.now())).flatMap(checkHistory)
  } finally {
    store.close?.()
  }
}
