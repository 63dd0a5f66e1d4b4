/**
 * Parses requests of CloudFormation to a custom resource, and builds the responses. Pure.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
 */
import { listRenamedTopics } from '../app/naming/names.ts'
import { SIGNALS, type Signal } from '../app/naming/topic-table.ts'

type Properties = Readonly<Record<string, unknown>>

export interface ResourceRequest {
  readonly RequestType: 'Create' | 'Update' | 'Delete'
  readonly RequestId: string
  readonly StackId: string
  readonly LogicalResourceId: string
  /** Presigned URL for the response. It contains a signature and must be kept as secret as a password. */
  readonly ResponseURL: string
  /** Physical id of the resource; absent in a request to create it. */
  readonly PhysicalResourceId?: string
  readonly ResourceProperties: Properties
  /** Properties before the update; present only in a request to update the resource. */
  readonly OldResourceProperties?: Properties
}

/** Outcome of a request, with the reason if it has failed. */
export type RequestOutcome =
  | { readonly status: 'SUCCESS' }
  | { readonly status: 'FAILED'; readonly reason: string }

const REQUEST_TYPES: readonly unknown[] = ['Create', 'Update', 'Delete']
const TEXTS = ['RequestId', 'StackId', 'LogicalResourceId', 'ResponseURL'] as const

/**
 * Validates a request.
 *
 * @throws TypeError if the event is not a request of CloudFormation
 */
export function parseResourceRequest(event: unknown): ResourceRequest {
  const fields = (event ?? {}) as Partial<Record<keyof ResourceRequest, unknown>>
  const isComplete =
    REQUEST_TYPES.includes(fields.RequestType) &&
    TEXTS.every(name => typeof fields[name] === 'string') &&
    typeof fields.ResourceProperties === 'object'
  if (!isComplete)
    throw new TypeError(
      'only CloudFormation may call this function, during a deployment; to change topics manually, use `sluice topics apply`',
    )
  return event as ResourceRequest
}

/**
 * Returns the functions that read each topic, from the properties of the resource.
 *
 * @throws TypeError if the properties do not contain them
 */
export function parseReaders({
  ResourceProperties,
}: ResourceRequest): ReadonlyMap<Signal, readonly string[]> {
  const { Readers } = ResourceProperties
  if (typeof Readers !== 'object' || Readers === null)
    throw new TypeError('the properties of the resource have no Readers')
  const readers = Readers as Readonly<Record<string, readonly string[]>>
  return new Map(SIGNALS.map(signal => [signal, readers[signal] ?? []]))
}

/** Returns the topics of other applications that the deployment reads. */
export function parseInputs({ ResourceProperties: { Inputs } }: ResourceRequest): readonly string[] {
  return Array.isArray(Inputs) ? Inputs.map(String) : []
}

/**
 * Returns a line such as `readings: a → b` for each topic that the update would rename. Empty if the previous deployment did not
 * record its topic names.
 */
export function findRenamedTopics({ ResourceProperties, OldResourceProperties }: ResourceRequest): string[] {
  const getNames = (properties: Properties = {}) =>
    (properties.Names ?? {}) as Readonly<Record<string, string>>
  return listRenamedTopics(getNames(OldResourceProperties), getNames(ResourceProperties))
}

/**
 * Returns whether the deployment restores an older version. CloudFormation sends the same request for an automatic rollback and for
 * a manual one.
 */
export function isRollback({ ResourceProperties, OldResourceProperties }: ResourceRequest): boolean {
  return Number(ResourceProperties.PackagedAt) < Number(OldResourceProperties?.PackagedAt)
}

/** Maximum size of a response, in bytes. CloudFormation does not read larger responses. */
const MAX_ANSWER_BYTES = 4096

/**
 * Returns the body of the response. The physical id must never change, because CloudFormation would then delete the old resource.
 */
export function formatResponse(request: ResourceRequest, outcome: RequestOutcome): string {
  const { StackId, RequestId, LogicalResourceId, ResourceProperties } = request
  const PhysicalResourceId = request.PhysicalResourceId ?? `sluice-topics-${ResourceProperties.Environment}`
  const answer = { Status: outcome.status, PhysicalResourceId, StackId, RequestId, LogicalResourceId }
  if (outcome.status === 'SUCCESS') return JSON.stringify(answer)
  const withReason = (Reason: string) => JSON.stringify({ ...answer, Reason })
  return shortenToFit(outcome.reason, withReason)
}

const CUT = ' … (the log of the function has all of it)'

/** Returns the text, shortened if the response would be too large. */
function shortenToFit(text: string, bodyWith: (text: string) => string): string {
  const fits = (body: string) => Buffer.byteLength(body) <= MAX_ANSWER_BYTES
  const whole = bodyWith(text)
  if (fits(whole)) return whole
  const characters = [...text]
  let length = Math.min(characters.length, MAX_ANSWER_BYTES)
  while (length > 0 && !fits(bodyWith(characters.slice(0, length).join('') + CUT)))
    length = Math.floor(length * 0.9)
  return bodyWith(characters.slice(0, length).join('') + CUT)
}
