/** All small changes of a TypeScript file: operators, conditions, constants, calls, statements. */
import { parseSync } from '@swc/core'
import type { Edit } from './mutant.ts'

/** The used part of a syntax tree node. */
interface Node {
  readonly type: string
  readonly span: { readonly start: number; readonly end: number }
  readonly [member: string]: unknown
}

/** The replacements of operators. */
const OPERATORS: Readonly<Record<string, string>> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '%': '*',
  '&&': '||',
  '||': '&&',
  '??': '&&',
  '+=': '-=',
  '-=': '+=',
  '||=': '=',
  '??=': '=',
  '++': '--',
  '--': '++',
}

/** The replacements of methods. With undefined, the call is removed, which leaves the list itself. */
const METHODS: Readonly<Record<string, string | undefined>> = {
  some: 'every',
  every: 'some',
  min: 'max',
  max: 'min',
  floor: 'ceil',
  ceil: 'floor',
  find: 'findLast',
  findIndex: 'findLastIndex',
  filter: undefined,
  slice: undefined,
  sort: undefined,
  toWellFormed: undefined,
}

/** Wrappers that do nothing at run time: only the expression inside counts. */
const WRAPPERS = ['TsAsExpression', 'TsConstAssertion', 'TsNonNullExpression', 'TsSatisfiesExpression']
const WITHOUT_CODE = /^(Ts|Import|ExportAll|ExportNamed)/

/** The source as bytes, because the parser counts bytes. It also continues to count from file to file. */
class Source {
  readonly #bytes: Buffer
  #base = 0

  constructor(text: string) {
    this.#bytes = Buffer.from(text)
  }

  /** The semicolon is needed because the module's span would otherwise start after a leading comment. */
  parse(): Node {
    const options = { syntax: 'typescript', target: 'es2024' } as const
    const module = parseSync(`;${this.#bytes}`, options) as unknown as Node
    this.#base = module.span.start + 1
    return module
  }

  text(start: number, end: number): string {
    return this.#bytes.toString('utf8', start - this.#base, end - this.#base)
  }

  edit({ start, end }: Node['span'], replacement: string): Edit {
    const from = this.#bytes.toString('utf8', 0, start - this.#base).length
    return { start: from, end: from + this.text(start, end).length, replacement }
  }
}

/**
 * All edits of a TypeScript file. Text for people is not changed, because the wording of messages is not tested.
 *
 * @throws if the file cannot be parsed
 */
export function editsOfTypeScript(text: string): Edit[] {
  const source = new Source(text)
  const edits: Edit[] = []
  visit(source.parse(), node => edits.push(...editsOf(source, node)))
  return edits
}

/** Whether the text can be parsed. A mutant that cannot is useless, because any test notices it. */
export function parses(text: string): boolean {
  try {
    parseSync(text, { syntax: 'typescript', target: 'es2024' })
    return true
  } catch {
    return false
  }
}

function visit(node: Node, found: (node: Node) => void): void {
  const isWrapper = WRAPPERS.includes(node.type)
  if (isWrapper) visit(node.expression as Node, found)
  if (isWrapper || WITHOUT_CODE.test(node.type) || isError(node)) return
  found(node)
  visitMembers(node, found)
}

/** Visits members that are nodes, and nodes inside lists and plain objects, such as those around call arguments. */
function visitMembers(parent: object, found: (node: Node) => void): void {
  for (const [name, member] of Object.entries(parent)) {
    // A plain member name is not a value.
    if (typeof member !== 'object' || member === null || (name === 'key' && member.type !== 'Computed'))
      continue
    if ('type' in member && 'span' in member) visit(member, found)
    else visitMembers(member, found)
  }
}

/** Whether the node makes an error, whose arguments are text for people. */
function isError({ type, callee }: Node): boolean {
  return type === 'NewExpression' && /Error$/.test(String((callee as { value?: unknown }).value))
}

function editsOf(source: Source, node: Node): Edit[] {
  const { type, span } = node
  const part = (name: string) => node[name] as Node
  const code = ({ span: { start, end } }: Node) => source.text(start, end)
  switch (type) {
    case 'BinaryExpression':
    case 'AssignmentExpression': {
      const replacement = OPERATORS[String(node.operator)]
      const between = { start: part('left').span.end, end: part('right').span.start }
      return replacement === undefined ? [] : [source.edit(between, ` ${replacement} `)]
    }
    case 'UpdateExpression':
      return [
        source.edit(
          span,
          code(node).replace(/\+\+|--/, operator => String(OPERATORS[operator])),
        ),
      ]
    case 'UnaryExpression':
      return node.operator === '!' || node.operator === '-' ? [source.edit(span, code(part('argument')))] : []
    case 'ConditionalExpression':
    case 'IfStatement':
      return [source.edit(part('test').span, 'true'), source.edit(part('test').span, 'false')]
    case 'WhileStatement':
    case 'ForStatement':
      return node.test ? [source.edit(part('test').span, 'false')] : []
    case 'BooleanLiteral':
      return [source.edit(span, String(node.value !== true))]
    case 'NumericLiteral':
      return [source.edit(span, String(Number(node.value) + 1))]
    case 'StringLiteral':
      return isProse(String(node.value)) ? [] : [source.edit(span, node.value === '' ? "'mutant'" : "''")]
    case 'TemplateLiteral':
      return isProse(code(node).replace(/\$\{[^}]*\}/g, '')) ? [] : [source.edit(span, "''")]
    case 'ArrayExpression':
      return (node.elements as unknown[]).length > 0 ? [source.edit(span, '[]')] : []
    case 'ObjectExpression':
      return (node.properties as unknown[]).length > 0 ? [source.edit(span, '{}')] : []
    case 'OptionalChainingExpression':
      return node.optional === true ? [source.edit(span, code(node).replace('?.', '.'))] : []
    case 'ArrowFunctionExpression':
      return !/^(BlockStatement|FunctionBody)$/.test(part('body').type)
        ? [source.edit(part('body').span, 'undefined')]
        : []
    case 'FunctionBody':
    case 'BlockStatement':
      return (node.stmts as unknown[]).length > 0 ? [source.edit(span, '{}')] : []
    case 'ExpressionStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
    case 'ThrowStatement':
      return [source.edit(span, ';')]
    case 'CallExpression':
      return methodEdits(source, span, part('callee'))
    default:
      return []
  }
}

function methodEdits(source: Source, whole: Node['span'], callee: Node): Edit[] {
  const [object, property] = [callee.object, callee.property] as (Node | undefined)[]
  const name = String(property?.value)
  if (callee.type !== 'MemberExpression' || !object || !property || !Object.hasOwn(METHODS, name)) return []
  const other = METHODS[name]
  if (other !== undefined) return [source.edit(property.span, other)]
  return [source.edit(whole, source.text(object.span.start, object.span.end))]
}

/** Whether a text has words with white space between them. */
function isProse(text: string): boolean {
  return /\p{L}{2}.*\s|\s.*\p{L}{2}/u.test(text)
}
