import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findStartupError } from '../../../../localstack/start/functions.ts'

const SYNTAX = `Environment: linux, node 24.21.0, osls 4.3.1 (local)
Docs:        github.com/oss-serverless/osls

Error:
functions/alerting/handler.ts:6:13: Expected identifier but found "const"
functions/activity/handler.ts:1:18: Could not resolve "../../lib/nothing.ts"
`

describe('the reason why functions cannot start', () => {
  it('given code that cannot be bundled, then each error has file, line and column', () => {
    assert.deepEqual(findStartupError(SYNTAX)?.split('\n'), [
      'functions/alerting/handler.ts:6:13: Expected identifier but found "const"',
      'functions/activity/handler.ts:1:18: Could not resolve "../../lib/nothing.ts"',
    ])
  })

  it('given an invalid configuration, then the message is shown without advice and stack', () => {
    const log = `Environment: linux
Docs:        github.com/oss-serverless/osls

Error:
Configuration error at 'functions.clock': unrecognized property 'descriptio'

Learn more about configuration validation here: https://example.org
`
    assert.equal(
      findStartupError(log),
      "Configuration error at 'functions.clock': unrecognized property 'descriptio'",
    )
    const missing =
      'Error:\nError: Compilation failed for function alias activity.\n    at a (b.js:1:2)\n    at c\n'
    assert.equal(findStartupError(missing), 'Compilation failed for function alias activity.')
  })

  it('given a log without an error, then it is undefined', () => {
    assert.equal(findStartupError('msk  ready: 4 of 4\nError: of a handler\n'), undefined)
  })
})
