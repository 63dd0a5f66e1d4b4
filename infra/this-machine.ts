/** The local cloud as a place where the functions run. Pure. */
import { resolve } from 'node:path'
import { type Environment, type Place, packedRules, patternsIn } from './account.ts'
import { schedulesFrom } from './schedules.ts'

/**
 * Servers on loopback, by the variables that `npm start` knows, and credentials that mean nothing. With SLUICE_ENV several
 * environments share its servers, each with topics, groups and resources of its own.
 */
export function thisMachine(env: Environment, project: string): Place {
  const loopback = (port: string, otherwise: number) => `127.0.0.1:${env[port] || otherwise}`
  const brokers = env.KAFKA_BROKERS || loopback('KAFKA_PORT', 9092)
  const rulesDir = env.RULES_DIR || 'rules'
  return {
    env: env.SLUICE_ENV || 'local',
    clusterArn: 'arn:aws:kafka:us-east-1:000000000000:cluster/sluice/00000000-0000-0000-0000-000000000000-1',
    brokers,
    // Absolute: `serverless invoke local` runs in the folder of the bundles.
    rulesDir: resolve(project, rulesDir),
    // Here they are read where they lie, so it does not matter if they cannot be packed.
    rulePatterns: patternsIn(packedRules(rulesDir, project) ?? 'rules'),
    ...schedulesFrom(env, true),
    environment: {
      KAFKA_BROKERS: brokers,
      REDIS_URL: env.REDIS_URL || `redis://${loopback('REDIS_PORT', 6379)}`,
      AWS_ENDPOINT_URL: env.AWS_ENDPOINT_URL || `http://${loopback('AWS_PORT', 4566)}`,
      AWS_ACCESS_KEY_ID: env.AWS_ACCESS_KEY_ID || 'test',
      AWS_SECRET_ACCESS_KEY: env.AWS_SECRET_ACCESS_KEY || 'test',
    },
  }
}
