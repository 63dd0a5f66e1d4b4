import { parseDuration } from '../../lib/domain/alerting/duration.ts'
import { BROKERS_OPTION, BROKERS_USAGE, readBrokers } from '../brokers-option.ts'
import { readOptions } from '../command-options.ts'
import { LocalCloudError } from '../failure.ts'
import type { BrokerCount } from '../services/kafka-data.ts'
import { NAME_OPTION, NAME_USAGE, readStackName } from '../stack/stack-option.ts'

export const USAGE = `Usage: npm start -- [options]

Starts Kafka, Valkey and LocalStack, then every function, and shows what flows, until Ctrl-C.

  --fresh      start from empty data
  ${NAME_USAGE}
  --for TIME   end by itself that long after the functions are up, e.g. 90s or 5m; exit status 0 if all was well
  ${BROKERS_USAGE}
  --no-watch   leave the functions as they have started: code and rules that are saved wait for the next start
  --docker     use the containers of localstack/docker-compose.yml (also: SLUICE_DOCKER=1)
  --help       show this

Ports: KAFKA_PORT (9092), REDIS_PORT (6379), AWS_PORT (4566), LAMBDA_PORT (3002), all on 127.0.0.1.
Where KAFKA_BROKERS, REDIS_URL or AWS_ENDPOINT_URL is set, that server is used and none started.
SLUICE_GENERATOR=off: no simulated readings. SLUICE_SCHEDULES=off: none, and no clock either, so that no timer fires.`

const OPTIONS = {
  fresh: { type: 'boolean', default: false },
  docker: { type: 'boolean', default: false },
  'no-watch': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
  for: { type: 'string' },
  brokers: BROKERS_OPTION,
  name: NAME_OPTION,
} as const

export interface StartOptions {
  readonly fresh: boolean
  readonly docker: boolean
  readonly help: boolean
  /** Whether code and rules are reloaded when they are saved. */
  readonly watch: boolean
  /** Of the stack. */
  readonly name: string
  /** How many Kafka brokers are asked for; undefined: nothing was said of it. */
  readonly brokers: BrokerCount | undefined
  /** Milliseconds after which it ends; undefined: when somebody says so. */
  readonly forMs: number | undefined
}

/** @throws LocalCloudError where an option is not known or its value is none */
export function readArguments(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {},
): StartOptions {
  const values = readOptions('npm start', args, OPTIONS)
  const forMs = values.for === undefined ? undefined : parseDuration(values.for)
  if (values.for !== undefined && !forMs)
    throw new LocalCloudError(
      `--for is "${values.for}", which is no length of time. Try: --for 90s, --for 5m`,
    )
  const { fresh, docker, help } = values
  const name = readStackName(values.name, environment)
  const watch = !values['no-watch']
  return { fresh, docker, help, name, watch, brokers: readBrokers(values.brokers), forMs }
}
