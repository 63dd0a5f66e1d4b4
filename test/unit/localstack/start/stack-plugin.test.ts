import assert from 'node:assert/strict'
import { it } from 'node:test'
import StackPlugin, {
  describeInvocation,
  describeOffline,
} from '../../../../localstack/start/stack-plugin.ts'
import type { Stack } from '../../../../scripts/running-stacks.ts'

const SERVICES: Stack = {
  ...{ name: 'lab', state: 'ready', command: 'npm run services', pid: 17, processStart: '', startedAt: '' },
  ...{ variables: {}, lambdaPort: null, dataDir: '', logsDir: '' },
}

it('given a running stack, then serverless offline names it, and says what it lacks beside npm start', () => {
  assert.match(
    describeOffline(SERVICES).join('\n'),
    /^Using the servers of the stack "lab" \(npm run services, .*lab\.json\)\. `npm start` also has the console and the database of readings\.$/,
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

it('given variables for all servers, then serverless offline alone says how missing topics are created', test => {
  const said = test.mock.method(console, 'error', () => {})
  const before = process.env
  process.env = { KAFKA_BROKERS: 'k:1', REDIS_URL: 'redis://r:1' }
  const { hooks } = new StackPlugin({ service: { provider: { stage: 'local' } } })
  process.env = before
  for (const hook of ['before:invoke:local:invoke', 'before:offline:start']) hooks[hook]?.()
  assert.deepEqual(
    said.mock.calls.map(call => /topics apply.*topics create NAME/.test(`${call.arguments[0]}`)),
    [true],
  )
})

it('given no running stack, then both say what is missing, and the two ways', () => {
  for (const lines of [describeOffline(undefined), describeInvocation(undefined)])
    assert.match(
      lines.join('\n'),
      /^No stack .* `npm run services`, or name yours with KAFKA_BROKERS and REDIS_URL\.$/,
    )
})
