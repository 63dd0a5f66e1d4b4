import assert from 'node:assert/strict'
import { it } from 'node:test'
import { describeInvocation, describeOffline } from '../../../../localstack/start/stack-plugin.ts'
import type { Stack } from '../../../../scripts/running-stacks.ts'

const SERVICES: Stack = {
  ...{ name: 'lab', state: 'ready', command: 'npm run services', pid: 17, processStart: '', startedAt: '' },
  ...{ variables: {}, lambdaPort: null, dataDir: '', logsDir: '' },
}

it('given a running stack, then serverless offline names it, and says what it lacks beside npm start', () => {
  assert.match(
    describeOffline(SERVICES).join('\n'),
    /^Using the servers of the stack "lab" \(npm run services, .*lab\.json\)\. `npm start` also has the console,/,
  )
  assert.deepEqual(describeInvocation(SERVICES), ['Using the servers of the stack "lab".'])
})

it('given a stack that runs functions, then serverless offline says that both share the consumer groups', () => {
  const [used, shared] = describeOffline({ ...SERVICES, command: 'npm start', lambdaPort: 3002 })
  assert.match(used ?? '', /^Using the servers of the stack "lab" \(npm start, /)
  assert.match(
    shared ?? '',
    /^Its own functions are running already \(process 17\): they share the consumer groups/,
  )
})

it('given no running stack, then both say what is missing, and the two ways', () => {
  for (const lines of [describeOffline(undefined), describeInvocation(undefined)])
    assert.match(
      lines.join('\n'),
      /^No stack .* `npm run services`, or name yours with KAFKA_BROKERS and REDIS_URL\.$/,
    )
})
