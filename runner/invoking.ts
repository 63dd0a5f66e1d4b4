/** Runs handlers in threads of this process and records metrics of their invocations. */
import {
  type EventContent,
  type FunctionFacts,
  type FunctionInvoker,
  type Invoked,
  Invoker,
  type Log,
  NodeRuntime,
} from '../packages/msk-trigger/engine.ts'
import { eachLine } from './lines.ts'
import type { Lines } from './log.ts'
import { measuredIn } from './metrics/embedded.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { Definition } from './place.ts'

const INVOCATIONS = 'sluice_runner_invocations_total'
const INVOCATIONS_HELP =
  'Completed invocations of a function, by outcome: ok or error, which includes timeouts.'
const DURATION = 'sluice_runner_invocation_seconds'
const DURATION_HELP = 'Duration of invocations, including the start of a thread if necessary.'
const RUNNING = 'sluice_runner_running_invocations'
const RUNNING_HELP = 'Running invocations.'

interface InvokingParts {
  readonly definitions: Readonly<Record<string, Definition>>
  /** Folder that contains `functions/<name>/handler.js`. */
  readonly code: string
  readonly region: string
  readonly metrics: Metrics
  readonly log: Log
  /** Receives the functions' log lines. */
  readonly out: Lines
  readonly report: (line: string) => void
}

/** Returns an invoker that runs handlers in threads. Their logs are written to `out`, their metrics are added to `metrics`. */
export function threadsFor(parts: InvokingParts): FunctionInvoker {
  const { definitions, metrics, log, out, report } = parts
  const start = (name: string) =>
    new NodeRuntime(factsOf(name, definitions[name] as Definition, parts), (stdout, stderr) => {
      eachLine(stdout, line => measure(line, metrics) || out.write(`${line}\n`))
      eachLine(stderr, line => out.write(`${line}\n`))
    })
  return new Invoker({ start, areReused: true, haveTimeouts: true }, log, report)
}

/** Invoker that passes invocations on to another invoker and records metrics of them. */
export class CountingInvoker implements FunctionInvoker {
  readonly #inner: FunctionInvoker
  readonly #metrics: Metrics
  readonly #running = new Map<string, number>()

  constructor(inner: FunctionInvoker, metrics: Metrics) {
    this.#inner = inner
    this.#metrics = metrics
  }

  async invoke(
    invoked: Invoked,
    event: EventContent,
    requestId: string,
    answerCounts?: boolean,
  ): Promise<unknown> {
    const labels = { function: invoked.functionKey }
    const beganAtMs = performance.now()
    const ended = (outcome: 'ok' | 'error') => {
      this.#metrics.count(INVOCATIONS, INVOCATIONS_HELP, { ...labels, outcome })
      this.#metrics.observe(DURATION, DURATION_HELP, labels, (performance.now() - beganAtMs) / 1_000)
    }
    this.#runs(invoked.functionKey, 1)
    try {
      const answer = await this.#inner.invoke(invoked, event, requestId, answerCounts)
      ended('ok')
      return answer
    } catch (error) {
      ended('error')
      throw error
    } finally {
      this.#runs(invoked.functionKey, -1)
    }
  }

  /** Does not close the inner invoker, because the trigger is not its only user. */
  async close(): Promise<void> {}

  #runs(name: string, change: 1 | -1): void {
    const running = (this.#running.get(name) ?? 0) + change
    this.#running.set(name, running)
    this.#metrics.set(RUNNING, RUNNING_HELP, { function: name }, running)
  }
}

/** Adds the metrics in a log line. Returns false for lines without metrics, including lines that only look like metrics. */
export function measure(line: string, metrics: Metrics): boolean {
  try {
    return addTo(metrics, line)
  } catch {
    return false
  }
}

/** Adds the metrics of a line. @throws TypeError if a metric already has another kind, or for an invalid line */
function addTo(metrics: Metrics, line: string): boolean {
  const measured = measuredIn(line)
  for (const { name, kind, of, labels, values } of measured ?? []) {
    const help = `\`${of}\` of the functions: see docs/observability.md.`
    for (const value of values)
      if (kind === 'counter') metrics.count(name, help, labels, value)
      else if (kind === 'gauge') metrics.set(name, help, labels, value)
      else metrics.observe(name, help, labels, value)
  }
  return measured !== undefined
}

/** Environment variables that are not passed to functions. */
const OWN_VARIABLES = ['NODE_OPTIONS', 'NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE']

function factsOf(
  functionKey: string,
  { name, handler, timeout, memorySize, environment }: Definition,
  { code, region }: Pick<InvokingParts, 'code' | 'region'>,
): FunctionFacts {
  const variables = Object.entries(environment).filter(([variable]) => !OWN_VARIABLES.includes(variable))
  return {
    functionKey,
    functionName: name,
    handler,
    runtime: 'nodejs24.x',
    memoryMb: memorySize,
    timeoutMs: timeout * 1_000,
    region,
    folder: code,
    environment: {
      ...Object.fromEntries(variables),
      _HANDLER: handler,
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memorySize),
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    },
  }
}
