import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseSync } from '@swc/core'
import { PROJECT } from '../../../scripts/paths.ts'

/** Part of a syntax tree node that this check uses. */
interface Node {
  readonly type: string
  readonly [member: string]: unknown
}

const CALLS = ['describe', 'it', 'test']

/** Returns the titles of tests and suites in a file. */
export async function listTitles(file: string): Promise<{ file: string; title: string }[]> {
  const source = await readFile(join(PROJECT, file), 'utf8')
  const tree = parseSync(source, { syntax: 'typescript', target: 'es2022' }) as unknown as Node
  return calls(tree).flatMap(call => {
    const title = getTitle(call)
    return title === undefined ? [] : [{ file, title }]
  })
}

/** Returns all calls below a node. */
function calls(node: unknown): Node[] {
  if (Array.isArray(node)) return node.flatMap(calls)
  if (typeof node !== 'object' || node === null) return []
  const below = Object.values(node).flatMap(calls)
  return (node as Node).type === 'CallExpression' ? [node as Node, ...below] : below
}

/** Returns the fixed text of the first argument; undefined if the call does not define a test or suite with a literal title. */
function getTitle(call: Node): string | undefined {
  const callee = call.callee as Node
  const name = callee.type === 'MemberExpression' ? (callee.object as Node).value : callee.value
  if (!CALLS.includes(name as string)) return undefined
  const [first] = call.arguments as readonly { readonly expression: Node }[]
  if (first?.expression.type === 'StringLiteral') return first.expression.value as string
  if (first?.expression.type !== 'TemplateLiteral') return undefined
  const parts = first.expression.quasis as readonly { readonly raw: string }[]
  return parts.map(({ raw }) => raw).join('')
}
