/** Handler of the custom resource that creates and changes the topics of an environment during a deployment. */

import { setTimeout as pause } from 'node:timers/promises'
import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import { createTelemetry, KafkaClients, logsContext } from '#runtime/functions/kafka'
import { once, within } from '#runtime/waiting'
import { NAME } from '../app/naming/name.ts'
import {
  type CombinedParts,
  type Environment,
  GENERAL,
  KAFKA,
  NAMES,
  readSettings,
} from '../app/settings/index.ts'
import { type DeploymentLog, type DeploymentPorts, fulfillRequest, reportFailure } from './fulfil.ts'
import { runPatiently } from './patience.ts'
import { formatResponse, parseResourceRequest, type RequestOutcome, type ResourceRequest } from './request.ts'

/** Time limit of an attempt to send the response, in milliseconds. */
const ATTEMPT_MS = 5_000
/** Delays before the second and the third attempt, in milliseconds. */
const PAUSES_MS = [500, 2_000]

/**
 * Part of the invocation's time that is reserved for sending the response, in milliseconds. It is longer than all attempts
 * together.
 */
const RESERVE_MS = 20_000

/**
 * Initial values of the resources: Redis without user and password, and the generator with its defaults. Later changes by an
 * operator are kept.
 */
const INITIAL = { generator: {}, redis: { username: '', password: '' } }

/**
 * Returns the handler that CloudFormation calls. It always sends a response, even if the settings are invalid or time runs out.
 *
 * @param environment environment variables; by default, those of the process at the time of the call
 * @returns a handler that rejects calls from other services. It also rejects if the response cannot be sent, so that Lambda retries
 * the call.
 */
export function createTopicsResource(name: string, environment?: Environment) {
  const { logger } = createTelemetry(name, NAME)
  return middy<unknown, { readonly status: RequestOutcome['status'] }, Error, Context>()
    .use(logsContext(logger))
    .handler(async (event, context) => {
      const request = parseResourceRequest(event)
      const withinMs = context.getRemainingTimeInMillis() - RESERVE_MS
      const outcome = await awaitOutcome(request, { name, environment, withinMs }, logger)
      await putAnswer(request.ResponseURL, formatResponse(request, outcome))
      logger.info('answered', { status: outcome.status })
      return { status: outcome.status }
    })
}

interface Run {
  readonly name: string
  readonly environment: Environment | undefined
  readonly withinMs: number
}

/**
 * Returns the outcome before the invocation's time runs out. Never rejects. A step that is in progress at that time is still
 * completed.
 */
async function awaitOutcome(
  request: ResourceRequest,
  run: Run,
  logger: DeploymentLog,
): Promise<RequestOutcome> {
  const stopping = new AbortController()
  const deployment = new Deployment(run, stopping.signal)
  const outcome = fulfillRequest(request, deployment, logger)
  try {
    return await within(Math.max(0, run.withinMs), outcome, () => new Error(describeTimeout(run)))
  } catch (error) {
    return reportFailure(request, (error as Error).message, logger)
  } finally {
    stopping.abort()
    await deployment.close()
  }
}

function describeTimeout({ withinMs }: Run): string {
  const seconds = Math.round(withinMs / 1000)
  return `The topics were not created and changed within ${seconds} seconds. Check that brokers and AWS can be reached from the subnets, then deploy again: it continues where this deployment ended.`
}

/** Implements the ports for one request. */
class Deployment implements DeploymentPorts {
  readonly #stop: AbortSignal
  readonly #start: () => Promise<Started>
  #connections: KafkaClients | undefined

  constructor({ name, environment }: Run, stop: AbortSignal) {
    this.#stop = stop
    this.#start = once(async () => {
      const config = readSettings([GENERAL, NAMES, KAFKA], environment)
      this.#connections = new KafkaClients(config, `${NAME}-${name}`)
      return { config, kafka: await this.#connections.kafka() }
    })
  }

  plan: DeploymentPorts['plan'] = async readers => {
    const { config, kafka } = await this.#start()
    const [{ TopicOffsets }, { planTopicChanges }] = await Promise.all([
      import('#runtime/operating/kafka'),
      import('../topics/cluster-plan.ts'),
    ])
    const { env, names } = config
    const { clusterArn } = config.kafka
    const offsets = new TopicOffsets(kafka)
    const planning = { kafka, offsets, env, names, ...(clusterArn ? { clusterArn } : {}) }
    return planTopicChanges({ ...planning, listReaders: signal => readers.get(signal) ?? [] }).finally(() =>
      offsets.close(),
    )
  }

  findMissing: DeploymentPorts['findMissing'] = async inputs => {
    const { config, kafka } = await this.#start()
    const mayBeHidden = config.kafka.auth === 'iam'
    if (inputs.length === 0) return { topics: [], mayBeHidden }
    const { listTopics } = await import('../topics/topic-descriptions.ts')
    const existing = new Set((await listTopics(kafka)).map(({ topic }) => topic))
    return { topics: inputs.filter(topic => !existing.has(topic)), mayBeHidden }
  }

  apply: DeploymentPorts['apply'] = async (planned, applying) => {
    const { kafka } = await this.#start()
    const { applyTopics } = await import('../topics/apply.ts')
    await applyTopics(kafka, planned, applying, this.#stop)
  }

  ensureSettings: DeploymentPorts['ensureSettings'] = async () => {
    const { config } = await this.#start()
    const { ensureSettings } = await import('./initial-settings.ts')
    return (await ensureSettings({}, config.env, INITIAL)).created
  }

  runPatiently: DeploymentPorts['runPatiently'] = work => runPatiently(work, this.#stop)

  async close(): Promise<void> {
    await this.#connections?.close().catch(() => {})
  }
}

interface Started {
  readonly config: CombinedParts<readonly [typeof GENERAL, typeof NAMES, typeof KAFKA]>
  readonly kafka: Awaited<ReturnType<KafkaClients['kafka']>>
}

/**
 * Sends the response to CloudFormation by uploading it to S3, in up to three attempts.
 *
 * @param url presigned URL. It is a secret, and error messages never contain it.
 * @throws Error if all attempts fail
 */
async function putAnswer(url: string, body: string): Promise<void> {
  for (const waitMs of [...PAUSES_MS, undefined]) {
    const problem = await put(url, body)
    if (problem === undefined) return
    if (waitMs === undefined)
      throw new Error(
        `The response could not be sent to CloudFormation: ${problem}. In a VPC, add a gateway endpoint for S3 whose policy allows access to the bucket`,
      )
    await pause(waitMs)
  }
}

/** Makes one attempt. Returns an error message; undefined on success. */
async function put(url: string, body: string): Promise<string | undefined> {
  try {
    const answer = await fetch(url, {
      method: 'PUT',
      // A buffer is sent without a content type, as the signature of the URL requires.
      body: Buffer.from(body),
      signal: AbortSignal.timeout(ATTEMPT_MS),
    })
    await answer.body?.cancel()
    return answer.ok ? undefined : `HTTP status ${answer.status}`
  } catch (error) {
    const { name, cause } = error as Error
    return (cause as { code?: string } | undefined)?.code ?? name
  }
}
