/** Creates and changes the topics of an environment on request of CloudFormation. */
import type { Signal } from '../app/naming/topic-table.ts'
import { OperationFailure } from '../support/operation-failure.ts'
import type { Applying } from '../topics/apply.ts'
import type { PlannedTopics } from '../topics/cluster-plan.ts'
import { ABOUT_REFUSED, type RefusedChange } from '../topics/plan.ts'
import { HiddenTopics } from './patience.ts'
import {
  findRenamedTopics,
  isRollback,
  parseInputs,
  parseReaders,
  type RequestOutcome,
  type ResourceRequest,
} from './request.ts'

/** Ports for changing the resources of a deployment. */
export interface DeploymentPorts {
  plan(readers: ReadonlyMap<Signal, readonly string[]>): Promise<PlannedTopics>
  /** Returns the topics of other applications that are not listed, of those that the deployment reads. */
  findMissing(inputs: readonly string[]): Promise<MissingTopics>
  /**
   * Applies the planned changes.
   *
   * @param applying progress that is updated while changes are applied
   */
  apply(planned: PlannedTopics, applying: Applying): Promise<void>
  /** Creates the secret and the parameter if they are missing. Returns the names of the created resources. */
  ensureSettings(): Promise<readonly string[]>
  /** Runs work, and repeats it while it fails because of a missing permission that may still become effective. */
  runPatiently(work: () => Promise<void>): Promise<void>
}

interface MissingTopics {
  readonly topics: readonly string[]
  /** True if a permission that is not effective yet may hide topics. */
  readonly mayBeHidden: boolean
}

/** Logger of the function. */
export interface DeploymentLog {
  info(message: string, details: Record<string, unknown>): void
  warn(message: string, details: Record<string, unknown>): void
  error(message: string, details: Record<string, unknown>): void
}

/**
 * Applies the topic table. All changes are checked first. If one of them would lose records, no change is made. When the resource
 * is deleted, its topics, secret and parameter are kept.
 *
 * @returns the outcome. The promise never rejects.
 */
export async function fulfillRequest(
  request: ResourceRequest,
  ports: DeploymentPorts,
  logger: DeploymentLog,
): Promise<RequestOutcome> {
  if (request.RequestType === 'Delete') {
    logger.info(
      'the topics are no longer managed by the stack; they are kept, and so are the secret and the parameter',
      {},
    )
    return { status: 'SUCCESS' }
  }
  const applying: Applying = { created: [], changed: [] }
  try {
    await ports.runPatiently(() => deploy(request, ports, logger, applying))
    return { status: 'SUCCESS' }
  } catch (error) {
    return reportFailure(request, describeFailure(error as Error, applying), logger)
  }
}

/**
 * Returns the outcome of a failed request. A rollback to an older deployment still succeeds, because the resources that it needs
 * exist. Otherwise, the stack could neither continue nor roll back.
 */
export function reportFailure(
  request: ResourceRequest,
  reason: string,
  logger: DeploymentLog,
): RequestOutcome {
  logger.error('the topics are not as the table says', { kind: 'deployment', reason })
  return isRollback(request) ? { status: 'SUCCESS' } : { status: 'FAILED', reason }
}

async function deploy(
  request: ResourceRequest,
  ports: DeploymentPorts,
  logger: DeploymentLog,
  applying: Applying,
): Promise<void> {
  const renamed = findRenamedTopics(request)
  if (renamed.length > 0 && !isRollback(request)) throw new OperationFailure(describeRenamedTopics(renamed))
  if (!isRollback(request)) requireInputs(await ports.findMissing(parseInputs(request)))
  const planned = await ports.plan(parseReaders(request))
  const { refused } = planned.plan
  if (refused.length > 0) {
    if (!isRollback(request)) throw new OperationFailure(describeRefusedChanges(refused))
    logger.warn('an older deployment is being restored: the refused changes of topics are not made', {
      kept: refused,
    })
  }
  const settings = await ports.ensureSettings()
  await ports.apply(planned, applying)
  logger.info('done', { created: applying.created, changed: applying.changed, settings })
}

/** @throws OperationFailure if topics are missing, which is repeated if they may be hidden */
function requireInputs({ topics, mayBeHidden }: MissingTopics): void {
  if (topics.length === 0) return
  const message = describeMissingInputs(topics)
  throw mayBeHidden ? new HiddenTopics(message) : new OperationFailure(message)
}

function describeRefusedChanges(refused: readonly RefusedChange[]): string {
  const changes = refused.map(
    ({ topic, setting, found, wanted, because }) => `${topic}: ${setting} ${found} → ${wanted}: ${because}.`,
  )
  const why = refused.length === 1 ? 'a refused change' : `${refused.length} refused changes`
  const remedy = refused.some(({ setting }) => setting !== 'partitions')
    ? `${ABOUT_REFUSED}; then deploy`
    : 'Deploy'
  return `No topic was changed because of ${why}. ${changes.join(' ')} ${remedy} again.`
}

function describeMissingInputs(missing: readonly string[]): string {
  const topics = missing.length === 1 ? 'a topic that does' : 'topics that do'
  return (
    `No topic was changed, because config/inputs.yaml lists ${topics} not exist: ${missing.join(', ')}. Sluice never creates the ` +
    'topics of other applications: correct the names, or create the topics, then deploy again.'
  )
}

function describeRenamedTopics(renamed: readonly string[]): string {
  return (
    `No topic was changed, because the names of topics would change: ${renamed.join(', ')}. States and pending records stay with the ` +
    'old topics, so every consumer would start over. Keep the names with TOPIC_NAMES, KAFKA_TOPIC, ORG and DOMAIN. To migrate, deploy ' +
    'the new names as another stage, switch the producers to it, and remove this stage when its consumers have read all records.'
  )
}

/** Returns the message of an error. Messages of libraries contain names and positions, but never records or passwords. */
function describeFailure(error: Error, { created, changed }: Applying): string {
  const changedTopics = [...new Set([...created, ...changed.map(({ topic }) => topic)])]
  const before =
    changedTopics.length === 0 ? '' : ` These were created or changed before: ${changedTopics.join(', ')}.`
  const message = error.message || error.name
  return `${/[.!?]$/.test(message) ? message : `${message}.`}${before}`
}
