/** Options of the commands that start servers: `npm start` and `npm run services`. */
import { duration } from '../lib/app/settings/duration.ts'
import { type Environment, readSettings } from '../lib/app/settings/index.ts'
import { useSettingsFile } from '../lib/app/settings-file.ts'
import { readOptions } from '../scripts/command-line.ts'
import { STACK_NAME } from '../scripts/running-stacks.ts'
import { LOCAL_CLOUD } from '../scripts/stack-settings.ts'
import { foldersFromEnvironment, locateKafka, placesFromEnvironment } from './ports-and-folders.ts'
import type { ServicesOptions } from './services/services-options.ts'

const FOR_SERVERS = {
  fresh: { type: 'boolean', default: false },
  docker: { type: 'boolean', default: false },
  registry: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
  name: { type: 'string' },
  config: { type: 'string' },
} as const

/** Options of the servers of a stack. */
export interface CloudOptions {
  readonly fresh: boolean
  readonly docker: boolean
  /** True to start a schema registry. */
  readonly registry: boolean
  readonly name: string
}

export interface StartOptions extends CloudOptions {
  /** True to reload code and rules when they are saved. */
  readonly watch: boolean
  /** Time after which the run stops, in milliseconds; undefined to run until stopped. */
  readonly forMs: number | undefined
}

/** Parses the options of `npm run services`. Returns undefined for `--help`. @throws ConfigError naming all errors */
export function readServicesOptions(
  args: readonly string[],
  environment: Environment = {},
): CloudOptions | undefined {
  const kinds = { name: STACK_NAME }
  const values = readOptions('npm run services', args, FOR_SERVERS, kinds)
  const { help, name, config, ...rest } = values
  if (!help) useSettingsFile(config)
  return help ? undefined : { ...rest, name: stackName(name, environment) }
}

/** Parses the options of `npm start`, in the same way as `readServicesOptions`. */
export function readStartOptions(
  args: readonly string[],
  environment: Environment = {},
): StartOptions | undefined {
  const options = {
    ...FOR_SERVERS,
    'no-watch': { type: 'boolean', default: false },
    for: { type: 'string' },
  } as const
  const kinds = { name: STACK_NAME, for: duration() }
  const values = readOptions('npm start', args, options, kinds)
  const { help, name, config, 'no-watch': noWatch, for: forMs, ...rest } = values
  if (!help) useSettingsFile(config)
  return help ? undefined : { ...rest, name: stackName(name, environment), watch: !noWatch, forMs }
}

/**
 * Returns the options for starting the servers of a stack, from the environment and the command line.
 *
 * @param say receives the notice that Kafka is started at an address that was named for it
 * @throws ConfigError or UserError under the same conditions as `placesFromEnvironment`
 */
export async function servicesFromEnvironment(
  env: Environment,
  { fresh, docker, registry, name }: CloudOptions,
  say: (line: string) => void,
): Promise<ServicesOptions & { readonly dataDir: string; readonly logsDir: string }> {
  const places = placesFromEnvironment(env, registry)
  const kafka = await locateKafka(places.kafka, env)
  if ('address' in places.kafka && kafka !== places.kafka)
    say(
      `Nothing listens on ${places.kafka.address} (KAFKA_BROKERS, bootstrap_servers): Kafka is started there.`,
    )
  return {
    ...places,
    kafka,
    ...foldersFromEnvironment(env),
    fresh,
    docker: docker || readSettings([LOCAL_CLOUD], env).docker,
    stack: name,
  }
}

/** Returns the name of the stack. The command-line option takes precedence over SLUICE_STACK. */
function stackName(option: string | undefined, environment: Environment): string {
  return option ?? readSettings([LOCAL_CLOUD], environment).stack
}

const PORTS = 'Ports: KAFKA_PORT (9092), REDIS_PORT (6379), AWS_PORT (4566), REGISTRY_PORT (8081)'
const LINES = {
  fresh: '--fresh      start with empty data',
  name: '--name NAME  name of the stack, which has its own ports and data (also: SLUICE_STACK)',
  config: '--config F   file with settings (also: SLUICE_CONFIG)',
  registry: '--registry   also start a schema registry (Apicurio) for functions and commands',
  docker: '--docker     use the containers of localstack/docker-compose.yml (also: SLUICE_DOCKER=1)',
  help: '--help       show this help',
  used: 'If KAFKA_BROKERS, REDIS_URL, AWS_ENDPOINT_URL or SCHEMA_REGISTRY_URL is set, that server is used instead of a new one.\nWhere nothing listens on a local address in KAFKA_BROKERS, Kafka is started there.',
}

export const SERVICES_USAGE = `Usage: npm run services -- [options]

Starts Kafka, Valkey and LocalStack, creates the topics and resources, and runs until Ctrl-C.

  ${LINES.fresh}
  ${LINES.name}
  ${LINES.config}
  ${LINES.registry}
  ${LINES.docker}
  ${LINES.help}

${PORTS}, all on 127.0.0.1.
${LINES.used}`

export const START_USAGE = `Usage: npm start -- [options]

Starts Kafka, Valkey and LocalStack, the console, then all functions, and shows the flow until Ctrl-C.

  ${LINES.fresh}
  ${LINES.name}
  ${LINES.config}
  --for TIME   stop this long after the functions have started, e.g. 90s or 5m, when all records that arrived by then are processed;
               exit status 0 without problems
  ${LINES.registry}
  --no-watch   do not reload code and rules when they are saved
  ${LINES.docker}
  ${LINES.help}

${PORTS}, LAMBDA_PORT (3002), and for the console
CONSOLE_PORT (8050), KAFKA_UI_PORT (8080) and KSQL_PORT (8088), all on 127.0.0.1.
${LINES.used}
SLUICE_GENERATOR=off: no simulated readings. SLUICE_SCHEDULES=off: also no clock, so timers do not fire.`
