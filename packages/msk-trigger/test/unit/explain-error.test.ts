import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HandlerError, RuntimeEnded } from '../../invoke/runtimes/runtime.ts'
import { explainError, withoutStack } from '../../report/explain-error.ts'

const THROWN = new HandlerError({
  errorType: 'Error',
  errorMessage: 'first\nsecond',
  trace: ['Error: first', 'second', '    at handler (/shop/handler.js:3:9)'],
})

describe('the explanation of an error', () => {
  it('of a handler has its message once, and its stack', () => {
    assert.equal(explainError(THROWN), 'first\nsecond\n    at handler (/shop/handler.js:3:9)')
    assert.equal(withoutStack(explainError(THROWN)), 'first\nsecond')
  })

  it('of a handler in Python has its trace, which is left out of a summary', () => {
    const trace = ['KeyError: 1', 'Traceback (most recent call last):', '  File "/shop/app.py", line 4, in f']
    const why = explainError(new HandlerError({ errorType: 'KeyError', errorMessage: '1', trace }))
    assert.deepEqual(why.split('\n'), trace)
    assert.equal(withoutStack(why), 'KeyError: 1')
  })

  it('of an end has the stack of its cause', () => {
    const ended = new RuntimeEnded('the handler threw an uncaught exception', { cause: THROWN })
    assert.equal(
      explainError(ended),
      'the handler threw an uncaught exception\nError: first\nsecond\n    at handler (/shop/handler.js:3:9)',
    )
  })
})
