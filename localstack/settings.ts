import { resolve } from 'node:path'
import { LocalCloudError } from './failure.ts'
import { DATA_DIR, LOGS_DIR } from './paths.ts'
import type { BrokerCount } from './services/kafka-data.ts'
import type { KafkaPlace, Place, ServicesOptions } from './services/options.ts'
import type { WantedPort } from './services/ports.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** What an address must look like, by the variable that holds it. */
const ADDRESSES = {
  KAFKA_BROKERS: { form: 'host:port, several with commas between them', fits: areBrokers },
  REDIS_URL: { form: 'redis://host:port (rediss:// for TLS)', fits: isUrlOf('redis:', 'rediss:') },
  AWS_ENDPOINT_URL: { form: 'http://host:port', fits: isUrlOf('http:', 'https:') },
} as const

/**
 * Where the servers are to run, as the environment says: at the address that is named there, else on the port that is
 * named, else on the usual port.
 * @param brokers how many brokers somebody asked for; their ports follow each other. Undefined where nobody did
 * @throws LocalCloudError for an address or port that cannot be one, and for brokers that are asked for beside an address
 */
export function placesFromEnvironment(
  env: Environment,
  brokers?: BrokerCount,
): Pick<ServicesOptions, 'kafka' | 'valkey' | 'aws'> {
  return {
    kafka: kafkaPlace(env, brokers),
    valkey: place(env, 'REDIS_URL', 'REDIS_PORT', 6379),
    aws: place(env, 'AWS_ENDPOINT_URL', 'AWS_PORT', 4566),
  }
}

/** The port that serverless-offline listens on, besides the servers. Functions have no HTTP events, so it opens no other. */
export function lambdaPort(env: Environment): WantedPort {
  return { port: port(env, 'LAMBDA_PORT', 3002), variable: 'LAMBDA_PORT', title: "Lambda's endpoint" }
}

/** Where data and logs are kept: SLUICE_DATA_DIR moves them, so that two runs can stand side by side. */
export function foldersFromEnvironment(env: Environment): { dataDir: string; logsDir: string } {
  const dataDir = env.SLUICE_DATA_DIR?.trim()
  return dataDir
    ? { dataDir: resolve(dataDir), logsDir: resolve(dataDir, 'logs') }
    : { dataDir: DATA_DIR, logsDir: LOGS_DIR }
}

/** Whether the containers are wanted. */
export function dockerFromEnvironment(env: Environment): boolean {
  return ['1', 'true'].includes(env.SLUICE_DOCKER ?? '')
}

function kafkaPlace(env: Environment, brokers: BrokerCount | undefined): KafkaPlace {
  const first = place(env, 'KAFKA_BROKERS', 'KAFKA_PORT', 9092)
  if (brokers === undefined) return first
  if ('address' in first)
    throw new LocalCloudError(
      `--brokers says how many brokers to start, and KAFKA_BROKERS names some that run already. Leave out --brokers, ` +
        'or unset KAFKA_BROKERS.',
    )
  if (brokers === 1) return first
  const further = Array.from({ length: brokers - 1 }, (_, index) => first.port + 1 + index)
  if (further.every(port => isPort(String(port)))) return { ...first, further }
  throw new LocalCloudError(
    `KAFKA_PORT is "${first.port}", and ${brokers} brokers need as many ports from there on. Give a smaller number.`,
  )
}

function place(
  env: Environment,
  addressVariable: keyof typeof ADDRESSES,
  portVariable: string,
  usual: number,
): Place {
  const address = env[addressVariable]?.trim()
  if (!address) return { port: port(env, portVariable, usual) }
  const { form, fits } = ADDRESSES[addressVariable]
  // Where brokers are set apart by commas, blanks around those are the person's own.
  if (fits(address)) return { address: address.replaceAll(/\s*,\s*/g, ',') }
  // Not what it is: there may be a password in it.
  throw new LocalCloudError(
    `${addressVariable} is not of the form ${form}. Put it right, or unset it to have a server started here.`,
  )
}

function areBrokers(text: string): boolean {
  return text.split(',').every(broker => isPort(/^[^\s:/@]+:(\d+)$/.exec(broker.trim())?.[1]))
}

function isUrlOf(...protocols: string[]): (text: string) => boolean {
  return text => {
    const url = URL.parse(text)
    return url !== null && protocols.includes(url.protocol) && url.hostname !== ''
  }
}

function port(env: Environment, variable: string, usual: number): number {
  const text = env[variable]?.trim()
  if (!text) return usual
  if (isPort(text)) return Number(text)
  throw new LocalCloudError(`${variable} is "${text}", which is no port. Give a number from 1 to 65535.`)
}

function isPort(text = ''): boolean {
  const value = Number(text)
  return Number.isInteger(value) && value >= 1 && value <= 65_535
}
