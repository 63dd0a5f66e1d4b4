/** Creates and changes the topics of an environment on request of CloudFormation. */
import type { Signal } from '../../app/topics.ts'
import { OperationFailure } from '../failure.ts'
import { ABOUT_REFUSED, type RefusedChange } from '../topic-plan.ts'
import type { Applying } from '../topics/apply.ts'
import type { PlannedTopics } from '../topics/planned.ts'
import { isRollback, type Outcome, type ResourceRequest, readersIn, renamedIn } from './request.ts'

/** Ports for changing the resources of a deployment. */
export interface DeploymentPorts {
  planned(readers: ReadonlyMap<Signal, readonly string[]>): Promise<PlannedTopics>
  /**
   * Applies the planned changes.
   *
   * @param applying progress that is updated while changes are applied
   */
  applied(planned: PlannedTopics, applying: Applying): Promise<void>
  /** Creates the secret and the parameter if they are missing. Returns the names of the created resources. */
  ensureSettings(): Promise<readonly string[]>
  /** Runs work, and repeats it while it fails because of a missing permission that may still become effective. */
  patiently(work: () => Promise<void>): Promise<void>
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
export async function fulfil(
  request: ResourceRequest,
  ports: DeploymentPorts,
  told: DeploymentLog,
): Promise<Outcome> {
  if (request.RequestType === 'Delete') {
    told.info(
      'the topics are no longer managed by the stack; they are kept, and so are the secret and the parameter',
      {},
    )
    return { status: 'SUCCESS' }
  }
  const applying: Applying = { created: [], changed: [] }
  try {
    await ports.patiently(() => deploy(request, ports, told, applying))
    return { status: 'SUCCESS' }
  } catch (error) {
    return failed(request, reasonOf(error as Error, applying), told)
  }
}

/**
 * Returns the outcome of a failed request. A rollback to an older deployment still succeeds, because the resources that it needs
 * exist. Otherwise, the stack could neither continue nor roll back.
 */
export function failed(request: ResourceRequest, reason: string, told: DeploymentLog): Outcome {
  told.error('the topics are not as the table says', { kind: 'deployment', reason })
  return isRollback(request) ? { status: 'SUCCESS' } : { status: 'FAILED', reason }
}

async function deploy(
  request: ResourceRequest,
  ports: DeploymentPorts,
  told: DeploymentLog,
  applying: Applying,
): Promise<void> {
  const renamed = renamedIn(request)
  if (renamed.length > 0 && !isRollback(request)) throw new OperationFailure(refusalOfNames(renamed))
  const planned = await ports.planned(readersIn(request))
  const { refused } = planned.plan
  if (refused.length > 0) {
    if (!isRollback(request)) throw new OperationFailure(refusalOf(refused))
    told.warn('an older deployment is being restored: the refused changes of topics are not made', {
      kept: refused,
    })
  }
  const settings = await ports.ensureSettings()
  await ports.applied(planned, applying)
  told.info('done', { created: applying.created, changed: applying.changed, settings })
}

function refusalOf(refused: readonly RefusedChange[]): string {
  const changes = refused.map(
    ({ topic, setting, found, wanted, because }) => `${topic}: ${setting} ${found} → ${wanted}: ${because}.`,
  )
  const why = refused.length === 1 ? 'a refused change' : `${refused.length} refused changes`
  return `No topic was changed because of ${why}. ${changes.join(' ')} ${ABOUT_REFUSED}; then deploy again.`
}

function refusalOfNames(renamed: readonly string[]): string {
  return (
    `No topic was changed, because the names of topics would change: ${renamed.join(', ')}. States and pending records stay with the ` +
    'old topics, so every consumer would start over. Keep the names with TOPIC_NAMES, KAFKA_TOPIC, ORG and DOMAIN. To migrate, deploy ' +
    'the new names as another stage, switch the producers to it, and remove this stage when its consumers have read all records.'
  )
}

/** Returns the message of an error. Messages of libraries contain names and positions, but never records or passwords. */
function reasonOf(error: Error, { created, changed }: Applying): string {
  const done = [...new Set([...created, ...changed.map(({ topic }) => topic)])]
  const before = done.length === 0 ? '' : ` These were created or changed before: ${done.join(', ')}.`
  const message = error.message || error.name
  return `${/[.!?]$/.test(message) ? message : `${message}.`}${before}`
}
