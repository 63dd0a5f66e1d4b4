/** Runs functions as one process: the trigger's engine, the schedules, and the status endpoints. */
import { randomUUID } from 'node:crypto'
import type { Writable } from 'node:stream'
import type { Config } from '../lib/app/config.ts'
import type { FunctionEntry } from '../lib/app/function-entries.ts'
import { type DeclaredFunction, topicsRead } from '../lib/app/functions.ts'
import {
  announceResponseType,
  type FunctionInvoker,
  readMappings,
  readSettings,
  Trigger,
} from '../packages/msk-trigger/engine.ts'
import { securityOf } from '../packages/runtime/adapters/kafka/client.ts'
import { Connections } from '../packages/runtime/lambda/connections.ts'
import { kafkaConnection } from '../packages/runtime/lambda/kafka-connection.ts'
import { isScheduled } from './functions.ts'
import { CountingInvoker, threadsFor } from './invoking.ts'
import { Lag } from './lag.ts'
import { jsonLog } from './log.ts'
import { Metrics } from './metrics/metrics.ts'
import { processMetrics } from './metrics/process-metrics.ts'
import { Output } from './output.ts'
import { definitionsOf, type RunPlace } from './place.ts'
import { RedisCheck } from './redis-check.ts'
import { Scheduler } from './scheduler.ts'
import { type Served, serveEndpoints } from './server.ts'
import { Status } from './status.ts'
import { doneWithin } from './wait.ts'

export interface RunOptions {
  readonly functions: readonly DeclaredFunction[]
  /** All functions of the project. */
  readonly all: readonly DeclaredFunction[]
  readonly entryOf: (name: string) => FunctionEntry
  readonly config: Config
  readonly place: RunPlace
  /** Folder that contains `functions/<name>/handler.js`. */
  readonly code: string
  /** Address on which the endpoints are served. */
  readonly listen: { readonly host: string; readonly port: number }
  /** Receives the log lines of the process and its functions. */
  readonly out: Writable
  /** Settings of the trigger that override its defaults. */
  readonly engine?: Readonly<Record<string, unknown>>
}

export interface Run {
  readonly served: Pick<Served, 'port'>
  /** Resolves when all event sources have joined their groups. */
  readonly joined: Promise<void>
  /** Invokes a function, by default with an event of its schedule. Rejects with the function's error. */
  invoke(name: string, event?: object): Promise<unknown>
  /** Stops the process. @param graceMs time limit for running invocations; the next process receives unfinished batches again */
  stop(graceMs: number): Promise<void>
}

/**
 * Starts the event sources, the schedules and the endpoints. Does not wait for Kafka and Redis: the log and `/ready` report their
 * state.
 *
 * @throws ConfigError or ConfigurationError for invalid settings
 * @throws OperationFailure if the address cannot be used
 */
export async function startRun(options: RunOptions): Promise<Run> {
  const { config, place, functions, listen } = options
  const metrics = new Metrics()
  const status = new Status(metrics)
  const out = new Output(options.out, metrics)
  const log = jsonLog(out)
  const connection = await kafkaConnection(config.kafka, 'sluice-run')
  const settings = readSettings(
    {
      brokers: [...connection.brokers],
      clientId: 'sluice-run',
      ssl: connection.auth !== 'none' && connection.encrypted !== false,
      ...options.engine,
    },
    {},
  )
  const region = config.kafka.region ?? 'us-east-1'
  const definitions = definitionsOf(functions, options.all, place, options.entryOf)
  announceResponseType(definitions, log)
  const mappings = readMappings(definitions, { service: 'sluice', stage: place.env, region }, settings)
  const report = (line: string) => status.reported(line)
  const threads = threadsFor({
    definitions,
    code: options.code,
    region,
    metrics,
    log,
    out,
    report,
  })
  const invoker = new CountingInvoker(threads, metrics)
  const access = { options: securityOf(connection), ready: async () => {} }
  const trigger = new Trigger({ mappings, settings, log, invoker, report, access, handlesSignals: false })
  const run = (name: string, event: object) => {
    const functionTimeoutMs = (definitions[name]?.timeout ?? 0) * 1_000
    return invoker.invoke(
      { functionKey: name, functionTimeoutMs },
      { json: () => JSON.stringify(event) },
      randomUUID(),
    )
  }
  const scheduler = new Scheduler(schedulesOf(functions, place), {
    log,
    metrics,
    run: (name, dueMs, isFirst) => run(name, scheduledEvent(dueMs, region, isFirst)),
  })
  const connections = new Connections(config, 'sluice-run')
  const redis = new RedisCheck(connections.redis, metrics)
  const lag = new Lag(
    connections,
    functions.flatMap(declared => topicsRead(declared, place.env)),
    metrics,
  )
  const processed = processMetrics(metrics)
  const served = await serveEndpoints(
    {
      notReady: async () => {
        const problem = await redis.problem()
        return [...status.notReady, ...(problem === undefined ? [] : [problem])]
      },
      metrics: async () => {
        await Promise.all([lag.refresh(), redis.problem()])
        processed()
        return metrics.text
      },
    },
    listen,
  )
  trigger.start()
  status.starts(trigger.sources)
  scheduler.start()
  const parts: Parts = {
    trigger,
    scheduler,
    threads,
    status,
    served,
    closing: [() => lag.close(), () => connections.close()],
  }
  return {
    served,
    joined: Promise.all(trigger.sources.map(({ joined }) => joined)).then(() => {}),
    invoke: (name, event = scheduledEvent(Date.now(), region, true)) => run(name, event),
    stop: graceMs => stopped(parts, graceMs),
  }
}

interface Parts {
  readonly trigger: Trigger
  readonly scheduler: Scheduler
  readonly threads: FunctionInvoker
  readonly status: Status
  readonly served: Served
  readonly closing: readonly (() => Promise<void>)[]
}

/** Stops all parts. The endpoints respond until the end, so that an orchestrator can see that the process is stopping. */
async function stopped(
  { trigger, scheduler, threads, status, served, closing }: Parts,
  graceMs: number,
): Promise<void> {
  status.stops()
  await Promise.all([trigger.stop(graceMs), doneWithin(graceMs, scheduler.stop())])
  await threads.close()
  await Promise.allSettled(closing.map(close => close()))
  await served.close()
}

function schedulesOf(functions: readonly DeclaredFunction[], { schedules }: RunPlace) {
  return functions
    .filter(declared => isScheduled(declared, schedules))
    .map(({ name, schedule }) => ({
      name,
      expression: schedule?.expression ?? '',
      isLong: name === 'clock',
    }))
}

/** Returns an event of EventBridge. The event of the first run after the start indicates that no schedule was due. */
function scheduledEvent(dueMs: number, region: string, isFirst = false): object {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': isFirst ? 'First Run' : 'Scheduled Event',
    source: 'aws.events',
    account: '000000000000',
    time: new Date(dueMs).toISOString(),
    region,
    resources: [],
    detail: {},
  }
}
