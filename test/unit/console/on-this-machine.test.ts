import assert from 'node:assert/strict'
import { it } from 'node:test'
import { readConfig } from '../../../control/environment/config.ts'
import { isOnThisMachine } from '../../../control/questions/environment.ts'

const CASES: [variables: Record<string, string>, isLocal: boolean][] = [
  [{ KAFKA_BROKERS: '127.0.0.1:9092' }, true],
  [{ KAFKA_BROKERS: 'localhost:9092,127.0.0.1:9093' }, true],
  [{ KAFKA_BROKERS: 'localhost:9092,kafka.example:9092' }, false],
  [{ KAFKA_BROKERS: 'localhost.example:9092' }, false],
  // A tunnel to a cluster elsewhere.
  [{ KAFKA_BROKERS: '127.0.0.1:9098', KAFKA_AUTH: 'iam', AWS_REGION: 'eu-west-1' }, false],
  [{ KAFKA_BROKERS: '127.0.0.1:9093', KAFKA_AUTH: 'tls' }, false],
]

for (const [variables, isLocal] of CASES)
  it(`given ${Object.values(variables).join(' ')}, then it ${isLocal ? 'runs' : 'does not run'} on this machine`, () => {
    const config = readConfig({ REDIS_URL: 'redis://127.0.0.1:6379', ...variables })
    assert.equal(isOnThisMachine(config), isLocal)
  })
