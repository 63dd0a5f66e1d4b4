/** All small changes of a Lua script, token by token: operators, conditions, constants, calls, statements. */
import type { Edit } from './mutant.ts'

interface Token {
  readonly kind: 'name' | 'number' | 'string' | 'operator'
  readonly text: string
  readonly start: number
  readonly end: number
}

/** Matches a token, or comments and white space to skip. */
const TOKEN =
  /(?<skipped>--\[\[[\s\S]*?\]\]|--[^\n]*|\s+)|(?<name>[A-Za-z_]\w*)|(?<number>\d+(?:\.\d+)?)|(?<string>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")|(?<operator>\.\.\.?|[=~<>]=|[-+*/%^#<>=(){}[\];:,.])/gy

/** The replacements of operators and names. A concatenation keeps its second operand only. */
const OTHERS: Readonly<Record<string, string>> = {
  '==': '~=',
  '~=': '==',
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '%': '*',
  '..': 'and',
  and: 'or',
  or: 'and',
  true: 'false',
  false: 'true',
  min: 'max',
  max: 'min',
  floor: 'ceil',
}

const CONDITIONS: Readonly<Record<string, { readonly end: string; readonly values: readonly string[] }>> = {
  if: { end: 'then', values: ['true', 'false'] },
  elseif: { end: 'then', values: ['true', 'false'] },
  while: { end: 'do', values: ['false'] },
}

/** @throws if a part of the script is not a Lua token */
export function editsOfLua(script: string): Edit[] {
  const tokens = tokensOf(script)
  return [
    ...tokens.flatMap((token, index) => tokenEdits(token, tokens[index - 1])),
    ...tokens.flatMap((_, index) => conditionEdits(tokens, index)),
    ...statementEdits(script, tokens),
  ]
}

function tokensOf(script: string): Token[] {
  const tokens: Token[] = []
  let end = 0
  for (const { 0: text, index: start, groups = {} } of script.matchAll(TOKEN)) {
    end = start + text.length
    const kind = (['name', 'number', 'string', 'operator'] as const).find(name => groups[name] !== undefined)
    if (kind) tokens.push({ kind, text, start, end })
  }
  if (end < script.length) throw new Error(`not Lua at offset ${end}: ${script.slice(end, end + 20)}`)
  return tokens
}

function tokenEdits({ kind, text, start, end }: Token, before: Token | undefined): Edit[] {
  const to = (replacement: string) => [{ start, end, replacement }]
  if (kind === 'number') return to(String(Number(text) + 1))
  // Names of Redis commands stay: without a name, every call fails.
  if (kind === 'string') return /^'[A-Z]+'$/.test(text) ? [] : to(text.length === 2 ? "'mutant'" : "''")
  if (text === 'not') return to('')
  if (text === '-' && isUnaryAfter(before)) return to('')
  const other = OTHERS[text]
  return other === undefined ? [] : to(kind === 'name' ? other : ` ${other} `)
}

function isUnaryAfter(before: Token | undefined): boolean {
  return !before || /^([-+*/%^#<>=({[,;]|[=~<>]=|\.\.|return|and|or|not|in)$/.test(before.text)
}

function conditionEdits(tokens: readonly Token[], index: number): Edit[] {
  const { end, values } = CONDITIONS[tokens[index]?.text ?? ''] ?? { end: '', values: [] }
  const [first, last] = [tokens[index + 1], tokens.slice(index).findIndex(({ text }) => text === end) - 1]
  const final = tokens[index + last]
  if (!first || !final) return []
  return values.map(replacement => ({ start: first.start, end: final.end, replacement }))
}

/** Removes statements that start and end with a line and are neither declarations nor blocks. */
function statementEdits(script: string, tokens: readonly Token[]): Edit[] {
  const edits: Edit[] = []
  for (const [index, first] of tokens.entries()) {
    const startsLine = /(^|\n)[ \t]*$/.test(script.slice(0, first.start))
    if (!startsLine || !isSimple(first, tokens[index + 1], tokens[index - 1])) continue
    let depth = 0
    let last = index
    for (let at = index; at < tokens.length; at += 1) {
      const { text } = tokens[at] as Token
      depth += Number(/^[({[]$/.test(text)) - Number(/^[)}\]]$/.test(text))
      last = at
      const next = tokens[at + 1]
      if (depth === 0 && (!next || script.slice(tokens[at]?.end, next.start).includes('\n'))) break
    }
    const end = (tokens[last] as Token).end
    edits.push({ start: first.start, end, replacement: '' })
  }
  return edits
}

const KEYWORDS = /^(local|if|elseif|else|end|for|while|repeat|until|function|do|then)$/

function isSimple(first: Token, next: Token | undefined, before: Token | undefined): boolean {
  if (first.kind !== 'name' || KEYWORDS.test(first.text)) return false
  // A list element or an operand at the start of a line is not a statement.
  if (before && /^([,({[=]|\.\.|and|or|[-+*/])$/.test(before.text)) return false
  return /^(break|return)$/.test(first.text) || /^[.([=,]$/.test(next?.text ?? '')
}
