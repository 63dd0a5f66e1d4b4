import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { descendants, memoryOf, partOf, totalOf } from '../../../bench/local/memory.ts'

describe('the memory of npm start', () => {
  it('counts a process and everything below it, and no other', () => {
    const parentOf = new Map([
      [2, 1],
      [10, 2],
      [11, 10],
      [12, 11],
      [20, 1],
    ])
    assert.deepEqual(descendants(10, parentOf), [10, 11, 12])
  })

  it('is named after the program that each process runs', () => {
    const commands = {
      npm: ['npm start', 'node programs/bootstrap.mjs localstack/start.ts --fresh'],
      'start and console': ['node --disable-warning=x localstack/start.ts --fresh'],
      'framework and functions': ['node --import file:///p/split-output.ts /p/bin/serverless.js offline'],
      esbuild: ['/p/node_modules/@esbuild/linux-x64/bin/esbuild --service=0.28.2 --ping'],
      LocalStack: ['/p/.local/python/localstack/bin/python /p/localstack/aws/run.py /p/aws'],
      Kafka: ['java -Xmx256m -cp /p/.local/kafka/* kafka.Kafka server.properties'],
      Valkey: ['/p/valkey-server /p/valkey.conf'],
      other: ['node /p/localstack/services/watchdog.ts'],
    }
    for (const [part, of] of Object.entries(commands))
      for (const command of of) assert.equal(partOf(command), part)
  })

  it('is that of this process, where the system reports it', {
    skip: process.platform !== 'linux',
  }, async () => {
    assert.ok(totalOf(await memoryOf(process.pid)) > 10)
  })
})
