import { duration } from '../../lib/app/settings/duration.ts'

import { readOptions } from '../../programs/options.ts'
import { STACK_NAME } from '../../programs/stack.ts'
import { BROKERS, BROKERS_OPTION, BROKERS_USAGE } from '../brokers-option.ts'
import { REGISTRY_OPTION, REGISTRY_USAGE } from '../registry-option.ts'
import type { BrokerCount } from '../services/kafka-data.ts'
import { NAME_OPTION, NAME_USAGE, stackNameFrom } from '../stack/stack-option.ts'

export const USAGE = `Usage: npm start -- [options]

Starts Kafka, Valkey and LocalStack, the console, then every function, and shows what flows, until Ctrl-C.

  --fresh      start from empty data
  ${NAME_USAGE}
  --for TIME   stop this long after the functions are up, e.g. 90s or 5m, when all records that arrived by then are processed;
               exit status 0 if all was well
  ${BROKERS_USAGE}
  ${REGISTRY_USAGE}
  --no-watch   do not reload code and rules when they are saved
  --docker     use the containers of localstack/docker-compose.yml (also: SLUICE_DOCKER=1)
  --help       show this

Ports: KAFKA_PORT (9092), REDIS_PORT (6379), AWS_PORT (4566), REGISTRY_PORT (8081), LAMBDA_PORT (3002), and for the console
CONSOLE_PORT (8050) and KAFKA_UI_PORT (8080), all on 127.0.0.1.
If KAFKA_BROKERS, REDIS_URL, AWS_ENDPOINT_URL or SCHEMA_REGISTRY_URL is set, that server is used and none is started.
SLUICE_GENERATOR=off: no simulated readings. SLUICE_SCHEDULES=off: also no clock, so no timer fires.`

const OPTIONS = {
  fresh: { type: 'boolean', default: false },
  docker: { type: 'boolean', default: false },
  'no-watch': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
  for: { type: 'string' },
  brokers: BROKERS_OPTION,
  registry: REGISTRY_OPTION,
  name: NAME_OPTION,
} as const

export interface StartOptions {
  readonly fresh: boolean
  readonly docker: boolean
  /** Whether a schema registry is started, too. */
  readonly registry: boolean
  /** Whether code and rules are reloaded when they are saved. */
  readonly watch: boolean
  /** The name of the stack. */
  readonly name: string
  /** The requested number of Kafka brokers; undefined if not given. */
  readonly brokers: BrokerCount | undefined
  /** Milliseconds after which it stops; undefined for until a stop is requested. */
  readonly forMs: number | undefined
}

/**
 * The options; undefined if the arguments ask for help.
 *
 * @throws ConfigError naming everything that is wrong
 */
export function readArguments(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {},
): StartOptions | undefined {
  const values = readOptions('npm start', args, OPTIONS, {
    brokers: BROKERS,
    name: STACK_NAME,
    for: duration(),
  })
  const { fresh, docker, registry, help, brokers, for: forMs } = values
  if (help) return undefined
  const name = stackNameFrom(values.name, environment)
  return { fresh, docker, registry, name, watch: !values['no-watch'], brokers, forMs }
}
