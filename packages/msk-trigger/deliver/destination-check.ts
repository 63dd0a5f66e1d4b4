import type { Destination } from '../config/destination-setting.ts'
import type { DeclaredResource } from '../config/event-destination.ts'
import type { Mapping } from '../config/mappings.ts'
import type { Settings } from '../config/settings.ts'
import type { Cluster } from '../poll/cluster.ts'
import { isUnreachable, rootMessage } from '../report/explain.ts'
import type { Log } from '../support/framework.ts'
import { pause } from '../support/wait.ts'
import { awsName, createInAws } from './aws.ts'
import { destinationName } from './discard.ts'

/** Interval between checks while Kafka does not respond, in milliseconds. Other code logs the missing response. */
const ASK_AGAIN_MS = 2_000

export interface CheckParts {
  readonly settings: Pick<Settings, 'createTopics'>
  readonly cluster: Pick<Cluster, 'hasTopic' | 'createTopic'>
  readonly log: Pick<Log, 'notice' | 'warning'>
  readonly ending: AbortSignal
  awsProblem(kind: Exclude<Destination['kind'], 'kafka'>, arn: string): Promise<string | undefined>
}

/**
 * Warns at start-up about a missing or unavailable destination, because the first discarded record would wait for it. Never
 * rejects.
 */
export async function checkDestinations(
  mappings: readonly Pick<Mapping, 'functionKey' | 'destination'>[],
  parts: CheckParts,
): Promise<void> {
  const users = new Map<string, { destination: Destination; functionKeys: Set<string> }>()
  for (const { functionKey, destination } of mappings) {
    if (!destination) continue
    const name = destinationName(destination)
    const { functionKeys } = users.get(name) ?? { functionKeys: new Set() }
    users.set(name, { destination, functionKeys: functionKeys.add(functionKey) })
  }
  await Promise.all(
    [...users].map(async ([name, { destination, functionKeys }]) => {
      const problem = await problemOf(destination, parts)
      if (problem === undefined || parts.ending.aborted) return
      parts.log.warning(
        `msk  destination ${name} of ${[...functionKeys].join(', ')}: ${problem}. Discarded records and their partitions ` +
          'wait until it is available',
      )
    }),
  )
}

function problemOf(destination: Destination, parts: CheckParts): Promise<string | undefined> {
  return destination.kind === 'kafka'
    ? topicProblem(destination.topic, parts)
    : parts.awsProblem(destination.kind, destination.arn)
}

async function topicProblem(topic: string, parts: CheckParts): Promise<string | undefined> {
  const { settings, cluster, log, ending } = parts
  while (!ending.aborted) {
    try {
      if (await cluster.hasTopic(topic)) return undefined
      if (!settings.createTopics) return `topic ${topic} does not exist: create topic ${topic}`
      if (await cluster.createTopic(topic, settings.createTopics)) log.notice(`msk  created topic ${topic}`)
      return undefined
    } catch (error) {
      if (!isUnreachable(error)) return `topic ${topic} cannot be used: ${rootMessage(error)}`
    }
    await pause(ASK_AGAIN_MS, ending)
  }
  return undefined
}

/** Creates the missing resources in the emulator, and logs a line for each of them. Never rejects. */
export async function createResources(
  resources: readonly DeclaredResource[],
  log: Pick<Log, 'notice' | 'warning'>,
  create = createInAws,
): Promise<void> {
  await Promise.all(
    resources.map(async ({ id, local }) => {
      if (!local)
        return log.warning(`msk  ${id} of resources is not created: only CloudFormation knows its name`)
      const { kind, arn } = local
      try {
        if (await create(kind, arn)) log.notice(`msk  created ${awsName(kind, arn)}`)
      } catch (error) {
        const { message, name } = error as Error
        log.warning(`msk  ${awsName(kind, arn)} is not created: ${message || name}`)
      }
    }),
  )
}
