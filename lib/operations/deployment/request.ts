/**
 * Requests of CloudFormation to a custom resource, and their answers. Pure. @see
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
 */
import { renamedTopics, type Signal, signals } from '../../app/topics.ts'

type Properties = Readonly<Record<string, unknown>>

export interface ResourceRequest {
  readonly RequestType: 'Create' | 'Update' | 'Delete'
  readonly RequestId: string
  readonly StackId: string
  readonly LogicalResourceId: string
  /** Where the answer is written to. It holds a signature, so it is as secret as a password. */
  readonly ResponseURL: string
  /** Physical id of the resource; missing in a create request. */
  readonly PhysicalResourceId?: string
  readonly ResourceProperties: Properties
  /** Present in an update request. */
  readonly OldResourceProperties?: Properties
}

/** Outcome of a request, with the reason of a failure. */
export type Outcome = { readonly status: 'SUCCESS' } | { readonly status: 'FAILED'; readonly reason: string }

const REQUEST_TYPES: readonly unknown[] = ['Create', 'Update', 'Delete']
const TEXTS = ['RequestId', 'StackId', 'LogicalResourceId', 'ResponseURL'] as const

/** @throws TypeError if this is not a request of CloudFormation's */
export function resourceRequest(event: unknown): ResourceRequest {
  const given = (event ?? {}) as Partial<Record<keyof ResourceRequest, unknown>>
  const isComplete =
    REQUEST_TYPES.includes(given.RequestType) &&
    TEXTS.every(name => typeof given[name] === 'string') &&
    typeof given.ResourceProperties === 'object'
  if (!isComplete)
    throw new TypeError(
      'this function answers CloudFormation, which calls it during a deployment: `sluice topics plan` and `apply` do the same by hand',
    )
  return event as ResourceRequest
}

/**
 * The functions that read a topic, as the deployment says.
 *
 * @throws TypeError if it does not say
 */
export function readersIn({ ResourceProperties }: ResourceRequest): ReadonlyMap<Signal, readonly string[]> {
  const { Readers } = ResourceProperties
  if (typeof Readers !== 'object' || Readers === null)
    throw new TypeError('the properties of the resource have no Readers')
  const readers = Readers as Readonly<Record<string, readonly string[]>>
  return new Map(signals().map(signal => [signal, readers[signal] ?? []]))
}

/** The topics that would get another name, as `readings: a → b`. Deployments of older packages did not tell their names. */
export function renamedIn({ ResourceProperties, OldResourceProperties }: ResourceRequest): string[] {
  const namesIn = (properties: Properties = {}) =>
    (properties.Names ?? {}) as Readonly<Record<string, string>>
  return renamedTopics(namesIn(OldResourceProperties), namesIn(ResourceProperties))
}

/**
 * Returns whether the deployment goes back to an older version, by a rollback of CloudFormation or by a person. CloudFormation
 * sends the same request for both.
 */
export function isRollback({ ResourceProperties, OldResourceProperties }: ResourceRequest): boolean {
  return Number(ResourceProperties.PackagedAt) < Number(OldResourceProperties?.PackagedAt)
}

/** A longer answer is not read. */
const MAX_ANSWER_BYTES = 4096

/**
 * The body of the answer. The resource keeps its id for good: another one would have CloudFormation delete the old resource.
 */
export function answerTo(request: ResourceRequest, outcome: Outcome): string {
  const { StackId, RequestId, LogicalResourceId, ResourceProperties } = request
  const PhysicalResourceId = request.PhysicalResourceId ?? `sluice-topics-${ResourceProperties.Environment}`
  const answer = { Status: outcome.status, PhysicalResourceId, StackId, RequestId, LogicalResourceId }
  if (outcome.status === 'SUCCESS') return JSON.stringify(answer)
  const withReason = (Reason: string) => JSON.stringify({ ...answer, Reason })
  return shortest(outcome.reason, withReason)
}

const CUT = ' … (the log of the function has all of it)'

/** The whole text, or as much of its beginning as there is room for. */
function shortest(text: string, bodyWith: (text: string) => string): string {
  const fits = (body: string) => Buffer.byteLength(body) <= MAX_ANSWER_BYTES
  const whole = bodyWith(text)
  if (fits(whole)) return whole
  const characters = [...text]
  let kept = Math.min(characters.length, MAX_ANSWER_BYTES)
  while (kept > 0 && !fits(bodyWith(characters.slice(0, kept).join('') + CUT))) kept = Math.floor(kept * 0.9)
  return bodyWith(characters.slice(0, kept).join('') + CUT)
}
