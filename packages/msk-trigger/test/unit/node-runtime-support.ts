import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { rejection } from '@sluice/test-kit/rejection'
import type { FunctionFacts } from '../../invoke/function-facts.ts'
import { NodeRuntime } from '../../invoke/runtimes/node/node-runtime.ts'
import { HandlerError, type Invocation, type Runtime } from '../../invoke/runtimes/runtime.ts'
import type { Result } from './handler-kinds.ts'

type Files = Readonly<Record<string, string>>

/** A test, or what ends with a suite. */
export interface Scope {
  after(end: () => Promise<void>): void
}

/** A folder with these files, which is removed after the test. */
export async function writeFolder(scope: Scope, files: Files): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'node-runtime-'))
  scope.after(() => rm(folder, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), content)
  }
  return folder
}

/** A thread for the handler in `handler.mjs`, which is closed after the test. */
export async function nodeRuntime(
  scope: Scope,
  files: string | Files,
  part: Partial<FunctionFacts> = {},
): Promise<NodeRuntime> {
  const folder = await writeFolder(scope, typeof files === 'string' ? { 'handler.mjs': files } : files)
  const node = new NodeRuntime(createFacts({ folder, ...part }))
  scope.after(() => node.close())
  return node
}

export function createFacts(part: Partial<FunctionFacts>): FunctionFacts {
  return {
    functionKey: 'f',
    functionName: 'shop-dev-f',
    handler: 'handler.handler',
    runtime: 'nodejs24.x',
    memoryMb: 512,
    timeoutMs: 6_000,
    region: 'eu-west-1',
    servicePath: part.folder ?? '/',
    folder: '/',
    layers: [],
    missingLayers: [],
    unresolved: {},
    environment: {},
    ...part,
  }
}

export function createInvocation(event: unknown): Invocation {
  const content = { json: () => JSON.stringify(event) }
  return { event: content, requestId: randomUUID(), timeoutMs: 60_000 }
}

/** Invokes a runtime as an instance does. */
export async function invokeForResult(runtime: Runtime, event: unknown = {}): Promise<Result> {
  const invoked = runtime.invoke(createInvocation(event))
  const ended = runtime.termination.then(error => ({ error: error.message }))
  return Promise.race([invoked.then(ok => ({ ok }), failed), ended])
}

/** The text of the error, or nothing. */
export async function invokeForError(runtime: Runtime, event: unknown = {}): Promise<string> {
  const result = await invokeForResult(runtime, event)
  return 'error' in result ? result.error : ''
}

/** Returns the error of an invocation. */
export function thrownBy(runtime: Runtime): Promise<Error> {
  return rejection(runtime.invoke(createInvocation({})))
}

function failed(error: unknown): Result {
  if (!(error instanceof HandlerError)) throw error
  return { error: error.message }
}
