/** Options of the commands that start servers: `npm start` and `npm run services`. */
import { readFileSync } from 'node:fs'
import { duration } from '../control/environment/duration-setting.ts'
import { useSettingsFile } from '../control/environment/settings-file.ts'
import { type Environment, REMOVED, readSettings } from '../lib/app/settings/index.ts'
import { readOptions } from '../scripts/command-line.ts'
import { STACK_NAME } from '../scripts/running-stacks.ts'
import { LOCAL_CLOUD } from '../scripts/stack-settings.ts'
import { UserError } from '../scripts/user-error.ts'
import { foldersFromEnvironment, locateKafka, placesFromEnvironment } from './ports-and-folders.ts'
import type { ServicesOptions } from './services/services-options.ts'

const FOR_SERVERS = {
  fresh: { type: 'boolean', default: false },
  registry: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
  name: { type: 'string' },
  config: { type: 'string' },
} as const

/** Options of the servers of a stack. */
export interface CloudOptions {
  readonly fresh: boolean
  /** True to start a schema registry. */
  readonly registry: boolean
  readonly name: string
}

export interface StartOptions extends CloudOptions {
  /** False to simulate no readings. */
  readonly generator: boolean
  /** True to reload code, rules, families, inputs and mappings when they are saved. */
  readonly watch: boolean
  /** Time after which the run stops, in milliseconds; undefined to run until stopped. */
  readonly forMs: number | undefined
}

/** Parses the options of `npm run services`. Returns undefined for `--help`. @throws ConfigError naming all errors */
export function readServicesOptions(
  args: readonly string[],
  environment: Environment = {},
): CloudOptions | undefined {
  refuseRemoved(args)
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
    'no-generator': { type: 'boolean', default: false },
    'no-watch': { type: 'boolean', default: false },
    for: { type: 'string' },
  } as const
  refuseRemoved(args)
  const kinds = { name: STACK_NAME, for: duration() }
  const values = readOptions('npm start', args, options, kinds)
  const { help, name, config, 'no-generator': noGenerator, 'no-watch': noWatch, for: forMs, ...rest } = values
  if (help) return undefined
  useSettingsFile(config)
  return { ...rest, name: stackName(name, environment), generator: !noGenerator, watch: !noWatch, forMs }
}

/**
 * Returns the options for starting the servers of a stack, from the environment and the command line.
 *
 * @param say receives the notice that Kafka is started at an address that was named for it
 * @throws ConfigError or UserError under the same conditions as `placesFromEnvironment`
 */
export async function servicesFromEnvironment(
  env: Environment,
  { fresh, registry }: CloudOptions,
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
  }
}

/** @throws UserError for an option of earlier versions */
function refuseRemoved(args: readonly string[]): void {
  if (args.includes('--docker'))
    throw new UserError(
      '--docker is no longer an option: start Kafka with `docker compose up -d kafka`, and set KAFKA_BROKERS=127.0.0.1:9092.',
    )
}

/** Returns the name of the stack. The command-line option takes precedence over SLUICE_STACK. */
function stackName(option: string | undefined, environment: Environment): string {
  const { stack } = readSettings([LOCAL_CLOUD, REMOVED], environment)
  return option ?? stack
}

/** Returns the help of a program. `scripts/bootstrap.mjs` prints its file before the packages are installed. */
export function readUsage(program: 'start' | 'services-command'): string {
  return readFileSync(new URL(`${program}.help.txt`, import.meta.url), 'utf8').trimEnd()
}
