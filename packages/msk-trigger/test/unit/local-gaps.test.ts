import assert from 'node:assert/strict'
import process from 'node:process'
import { describe, it } from 'node:test'
import { localGaps } from '../../invoke/local-gaps.ts'
import { describeDifference } from '../../invoke/runtimes/node/node-releases.ts'
import MskTriggerPlugin from '../../plugin.ts'
import type { FunctionDefinition } from '../../support/serverless.ts'
import { createServerless } from './framework.ts'

const events = [{ msk: { topic: 'orders' } }]

function gaps(
  functions: Record<string, FunctionDefinition>,
  options: Record<string, unknown> = {},
): string[] {
  const withEvents = Object.entries(functions).map(([key, definition]) => [key, { events, ...definition }])
  const serverless = createServerless(Object.fromEntries(withEvents), {})
  return localGaps(serverless, options, Object.keys(functions))
}

describe('a setting that has no effect on this machine', () => {
  it('given none, then nothing is said', () => {
    const definition = {
      ...{ timeout: 3, environment: { A: 'a', REGION: { Ref: 'AWS::Region' }, NOTHING: null } },
      reservedConcurrency: 2,
    }
    assert.deepEqual(gaps({ f: definition }), [])
  })

  it('given a variable that only CloudFormation knows, then one line names it, its functions and what to do', () => {
    const environment = { TABLE: { 'Fn::ImportValue': 'shared-table' } }
    assert.deepEqual(gaps({ f: { environment }, g: { environment }, h: {} }), [
      'environment variable TABLE of function "f", "g" is {"Fn::ImportValue":"shared-table"}, which only CloudFormation resolves, so it is ' +
        `not set here. For a local value, move it to params.default.TABLE, write \${param:TABLE}, and start with --param="TABLE=…"`,
    ])
  })

  it('given a login in such a value, then the line does not show it', () => {
    const URL = { 'Fn::Join': ['', ['postgres://user:secret@', { 'Fn::ImportValue': 'host' }]] }
    const [line = ''] = gaps({ f: { environment: { URL } } })
    assert.match(line, /variable URL .*\*\*\*@/)
    assert.doesNotMatch(line, /secret/)
  })

  it('given variables and options that only a process or Lambda reads, then each has a line', () => {
    const NODE_OPTIONS = '--import ./a.mjs --openssl-legacy-provider --max-old-space-size=200'
    const environment = { AWS_LAMBDA_EXEC_WRAPPER: '/opt/otel', TZ: 'Mars/Here', NODE_OPTIONS }
    const inThread =
      'has no effect here: the handler runs in a thread, and only a process takes it. If it is needed, set it for serverless offline itself'
    const wrapper =
      'environment variable AWS_LAMBDA_EXEC_WRAPPER of function "f", "p" has no effect here: the handler is started without this script. ' +
      'Set the variables that the script sets, such as NODE_OPTIONS'
    assert.deepEqual(gaps({ f: { environment }, p: { environment, runtime: 'ruby3.4' } }), [
      'environment variable TZ of function "f" is UTC here, because its thread has the time zone of serverless offline: start that with TZ=Mars/Here',
      wrapper,
      `--openssl-legacy-provider in NODE_OPTIONS of function "f" ${inThread}`,
      `--max-old-space-size=200 in NODE_OPTIONS of function "f" ${inThread}`,
    ])
  })

  it('given a variable of the provider, then it is named, and one that the process has too is not', t => {
    const { TZ } = process.env
    t.after(() => {
      if (TZ === undefined) delete process.env.TZ
      else process.env.TZ = TZ
    })
    process.env.TZ = 'UTC'
    const serverless = createServerless({ f: { events } }, {})
    const environment = { TZ: 'UTC', AWS_LAMBDA_EXEC_WRAPPER: '/opt/otel' }
    Object.assign(serverless.service.provider, { environment })
    const lines = localGaps(serverless, {}, ['f'])
    assert.equal(lines.length, 1)
    assert.match(`${lines}`, /^environment variable AWS_LAMBDA_EXEC_WRAPPER of function "f" has no effect/)
  })

  it('given a process in another time zone than Lambda, then a line names both, and the way', t => {
    t.mock.property(process, 'env', { ...process.env, TZ: 'Europe/Berlin' })
    assert.deepEqual(gaps({ f: {}, g: { environment: { TZ: 'Europe/Berlin' } } }), [
      'environment variable TZ of function "f" is Europe/Berlin here, because its thread has the time zone of serverless offline: start that with TZ=UTC',
    ])
  })

  it('given a queue and a bucket without names, then a line has the local name of each that the function refers to', () => {
    const Resources = {
      Failed: { Type: 'AWS::SQS::Queue' },
      Objects: { Type: 'AWS::S3::Bucket' },
      Other: { Type: 'AWS::SNS::Topic' },
    }
    const onFailureDestination = { 'Fn::GetAtt': ['Failed', 'Arn'] }
    const environment = { BUCKET: { 'Fn::Sub': `\${Objects.Arn}/x` } }
    const definition = { events: [{ msk: { topic: 'orders', onFailureDestination } }], environment }
    const called = (id: string, name: string) =>
      `resource ${id} of function "f" has no name in resources, so it is called ${name} here, after its logical id: create it under this name`
    assert.deepEqual(
      localGaps(createServerless({ f: definition }, {}, { resources: Resources }), {}, ['f']),
      [called('Failed', 'Failed'), called('Objects', 'objects')],
    )
  })

  it('given a layer that is not on this machine, then its line says how to name a folder', () => {
    const arn = 'arn:aws:lambda:eu-west-1:123456789012:layer:vendor:3'
    assert.deepEqual(gaps({ f: { layers: [arn] } }), [
      `layer "${arn}" of function "f" is not on this machine, so its files are missing: name a folder with its content in custom.serverless-offline.localLayers, by its ARN or logical id`,
    ])
  })

  it('given a limit that only CloudFormation knows, then its line says that there is none', () => {
    const [line] = gaps({ f: { reservedConcurrency: { 'Fn::ImportValue': 'limit' } } })
    assert.match(`${line}`, /^reservedConcurrency of function "f" is not resolved here, .*: write a number$/)
  })

  it('given keys for asynchronous invocations, then it is said only if Kafka alone invokes the function', () => {
    const definition: FunctionDefinition & { onError: string } = { onError: 'arn:aws:sns:eu-west-1:1:t' }
    assert.match(
      `${gaps({ f: definition })}`,
      /^onError of function "f" .*: set on the event onFailureDestination$/,
    )
    assert.deepEqual(gaps({ f: { ...definition, events: [...events, { schedule: 'rate(1 day)' }] } }), [])
  })

  it('given options of serverless-offline that do not reach the handlers, then each has a line', () => {
    const lines = gaps({ f: {} }, { reloadHandler: true, useInProcess: false, noTimeout: true })
    assert.deepEqual(lines, [
      'reloadHandler of function "f" has no effect here: code is loaded again when the file of the handler has changed',
    ])
  })

  for (const [runtime, version, expected] of [
    ['nodejs24.x', '24.21.0', undefined],
    ['python3.13', '24.21.0', undefined],
    [
      'nodejs22.x',
      '24.21.0',
      'runs in Node.js 24.21.0 here: newer syntax, functions of node: modules and methods such as Promise.try, RegExp.escape, Error.isError work ' +
        'here, and not in the cloud; util.isString, fs.F_OK work only there',
    ],
    ['nodejs18.x', '20.20.2', / such as Array\.prototype\.toSorted work here, and not in the cloud$/],
    [
      'nodejs20.x',
      '24.21.0',
      /; import with assert, crypto\.createCipher, util\.isString, fs\.F_OK work only there$/,
    ],
    [
      'nodejs24.x',
      '22.23.5',
      /^runs in Node\.js 22\.23\.5 here, which lacks URLPattern, .*: start .* Node\.js 24$/,
    ],
  ] as const)
    it(`given ${runtime} in Node.js ${version}, then one sentence says what differs, if anything`, () => {
      const sentence = describeDifference(runtime, version)
      if (expected instanceof RegExp) assert.match(`${sentence}`, expected)
      else assert.equal(sentence, expected)
    })

  it('given functions of another runtime than this Node.js, then one line names them', () => {
    const lines = gaps({ f: { runtime: 'nodejs18.x' }, g: { runtime: 'nodejs18.x' }, h: {} })
    assert.match(lines.join(), /^runtime nodejs18\.x of function "f", "g" runs in Node\.js [\d.]+ here: /)
  })

  it('is said at the start, of functions that read Kafka', () => {
    const environment = { TABLE: { 'Fn::ImportValue': 'shared-table' } }
    const functions = { f: { events, environment }, web: { events: [{ http: 'GET /' }], environment } }
    const lines: string[] = []
    const log = (line: string) => void lines.push(line)
    const serverless = createServerless(functions, { mskTrigger: { brokers: 'a:1' } })
    new MskTriggerPlugin(serverless, {}, { log: { notice: log, warning: log, error: log } }).hooks[
      'before:offline:start:init'
    ]?.()
    assert.match(lines.join('\n'), /^msk {2}environment variable TABLE of function "f" is /)
  })
})
