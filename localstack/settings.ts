import { resolve } from 'node:path'
import { LocalCloudError } from './failure.ts'
import { DATA_DIR, LOGS_DIR } from './paths.ts'
import type { Place, ServicesOptions } from './services/options.ts'
import type { WantedPort } from './services/ports.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Where the servers are to run, as the environment says: at the address that is named there, else on the port that is
 * named, else on the usual port.
 */
export function placesFromEnvironment(env: Environment): Pick<ServicesOptions, 'kafka' | 'valkey' | 'aws'> {
  return {
    kafka: place(env, 'KAFKA_BROKERS', 'KAFKA_PORT', 9092),
    valkey: place(env, 'REDIS_URL', 'REDIS_PORT', 6379),
    aws: place(env, 'AWS_ENDPOINT_URL', 'AWS_PORT', 4566),
  }
}

/** The ports that serverless-offline listens on, besides the servers. */
export function offlinePorts(env: Environment): { http: WantedPort; lambda: WantedPort } {
  return {
    http: { port: port(env, 'HTTP_PORT', 3000), variable: 'HTTP_PORT', title: 'HTTP' },
    lambda: { port: port(env, 'LAMBDA_PORT', 3002), variable: 'LAMBDA_PORT', title: "Lambda's endpoint" },
  }
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

function place(env: Environment, addressVariable: string, portVariable: string, usual: number): Place {
  const address = env[addressVariable]?.trim()
  return address ? { address } : { port: port(env, portVariable, usual) }
}

function port(env: Environment, variable: string, usual: number): number {
  const text = env[variable]?.trim()
  if (!text) return usual
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= 65_535) return value
  throw new LocalCloudError(`${variable} is "${text}", which is no port. Give a number from 1 to 65535.`)
}
