import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PROJECT } from '../../../scripts/paths.ts'
import { type Check, Failed } from '../check.ts'
import { sourceFiles } from '../source-files.ts'

/** Maximum number of findings per habit in 1,000 texts of a part of the project. */
const MAX_PER_THOUSAND = 3

const PRONOUN = 'begins with a pronoun'
const PREPOSITION = 'begins with a preposition'

/** Habits that make texts hard to read, with the expressions that find them. */
const HABITS: Readonly<Record<string, RegExp>> = {
  'begins with "What"':
    /^What (?!if\b)|(?<=[.:;] )What (?:is|are|was|were|has|have|had|comes?|came|must|can|an?|the|it|they|one|lies|follows|stands)\b(?![^.]*\?)/,
  [PREPOSITION]:
    /^(?:Of|By|With|As|For|At|Not|Absent|To|On|From|Like) (?!npm\b|least\b|most\b|default,)|^In (?!bytes|characters|seconds|milliseconds|minutes|hours|days|order|parallel|total)/,
  [PRONOUN]: /^(?:It|They|Its|Their|Them|Those|These (?:hold|lie|stand|are))\b(?!')/,
  person: /\b(?:[Nn]obody|[Ss]omebody|[Ww]hoever)\b|^Who /,
  'is none':
    /(?<!\bthere )\b(?:is|are) none\b|(?<!\b(?:[Ii]f|and|where|because|which) )\b[Nn]one (?:is|are|holds?)\b|(?<!\b[Tt]here )\bis no (?!longer\b|more\b|less\b)[a-z]+/,
  told: /\btells?\b|\btold\b/,
  idiom:
    /\b(?:goes? on|went on|stands? still|stood still|for ever|in vain|likewise|comes? to nothing|as well as can be|so long as|lies? in|begun anew|begins? anew|leads? (?:nowhere|on)|[Nn]o \w+ that fits)\b/,
  'one of many':
    /(?<![\d.,-])\b1 (?:alerts|records|topics|partitions|messages|events|entities|files|letters)\b/,
}

const TEXT_FILES = [
  '{bench,cli,config,console,examples,functions,infra,lib,localstack,packages,scripts,test}/**/*.{ts,tsx,mjs,cjs,lua,yml,yaml}',
  'serverless.yml',
]

/** A comment, a message or a test title, with the position of its first line. */
interface Text {
  readonly kind: 'comment' | 'message'
  readonly file: string
  readonly line: number
  readonly text: string
}

interface Finding extends Text {
  readonly habit: string
}

/** Checks that comments, messages and titles are written in plain English. */
export const wording: Check = {
  name: 'plain words',
  async run() {
    const texts = await allTexts()
    if (texts.length === 0) throw new Failed('no comment or message was found')
    const found = texts.flatMap(listFindings)
    const lines: string[] = []
    for (const isTest of [true, false])
      for (const kind of ['comment', 'message'] as const) {
        const isPart = (text: Text) => text.kind === kind && isTestFile(text.file) === isTest
        const total = texts.filter(isPart).length
        for (const habit of Object.keys(HABITS)) {
          const ofHabit = found.filter(finding => finding.habit === habit && isPart(finding))
          if (ofHabit.length * 1_000 <= total * MAX_PER_THOUSAND) continue
          lines.push(...ofHabit.map(describeFinding))
        }
      }
    if (lines.length === 0) return `${texts.length} texts, ${found.length} findings`
    throw new Failed(
      `${lines.join('\n')}\nAt most ${MAX_PER_THOUSAND} of each habit per 1,000 texts: begin with the thing or the verb, name the component.`,
    )
  },
}

function describeFinding({ file, line, habit, text }: Finding): string {
  return `${file}:${line}: ${habit}: ${text.length > 140 ? `${text.slice(0, 139)}…` : text}`
}

function isTestFile(file: string): boolean {
  return /^(?:test|bench|examples)\/|\/test\/|\.test\./.test(file)
}

/** Returns all comments, messages and page texts of the project's files. */
async function allTexts(): Promise<Text[]> {
  const files = (await sourceFiles(...TEXT_FILES)).filter(file => !/\.d\.m?ts$|\/vendor\/|wording/.test(file))
  const found = await Promise.all(
    files.map(async file => listTexts(file, await readFile(join(PROJECT, file), 'utf8'))),
  )
  return found.flat()
}

/** Returns the habits that are found in a text. Text in backticks is ignored. */
function listFindings(text: Text): Finding[] {
  const plain = text.text.replaceAll(/`[^`]*`/g, 'code')
  return Object.entries(HABITS).flatMap(([habit, pattern]) =>
    pattern.test(plain) && !isGoodMessage(habit, text, plain) ? [{ ...text, habit }] : [],
  )
}

/** Phrase that introduces a sentence, as in "For an unknown cluster, the doctor reports …". */
const LEADING_PHRASE = /^(?:For|With|On|From|In|As in|Like|At) [^.:;]*, [a-z]/

/**
 * Returns true if a habit is acceptable in a text. A message may begin with "It" after another message, or with "Not", "To" or
 * "With".
 */
function isGoodMessage(habit: string, { kind }: Text, plain: string): boolean {
  if (habit === PREPOSITION && LEADING_PHRASE.test(plain)) return true
  if (kind !== 'message') return false
  return (
    (habit === PRONOUN && !/^These/.test(plain)) ||
    (habit === PREPOSITION && /^(?:Not|To|With|On|In) /.test(plain))
  )
}

/**
 * Returns the texts of a file: comments, messages of at least three words, and page texts. Consecutive comment lines are one text.
 */
function listTexts(file: string, source: string): Text[] {
  const texts: Text[] = []
  let comment: { line: number; parts: string[] } | undefined
  const end = () => {
    const text = comment?.parts.join(' ').replaceAll(/\s+/g, ' ').trim()
    if (comment && text) texts.push({ kind: 'comment', file, line: comment.line, text })
    comment = undefined
  }
  const mark = commentMark(file)
  for (const [index, whole] of source.split('\n').entries()) {
    const [line, number] = [whole.trim(), index + 1]
    const isBlock = mark === '//' && /^(?:\{?\/\*|\*)/.test(line)
    if (isBlock || line.startsWith(mark)) {
      if (/^\{?\/\*/.test(line)) end()
      const part = isBlock
        ? line.replace(/^\{?\/\*+|^\*+(?!\/)/, '').replace(/\*+\/\}?$/, '')
        : line.slice(mark.length)
      // Each tag of a docstring is a separate text.
      const tag = /^@(?:param \S+|returns|throws(?: [A-Z]\w+)?)/.exec(part.trim())
      if (tag) end()
      comment ??= { line: number, parts: [] }
      comment.parts.push(tag ? part.trim().slice(tag[0].length) : part)
      if (line.includes('*/')) end()
      continue
    }
    end()
    texts.push(...listMessages(line).map(text => ({ kind: 'message' as const, file, line: number, text })))
  }
  end()
  return texts
}

function commentMark(file: string): string {
  if (file.endsWith('.lua')) return '--'
  return /\.ya?ml$/.test(file) ? '#' : '//'
}

const QUOTED = /'(?<single>(?:[^'\\]|\\.)*)'|"(?<double>(?:[^"\\]|\\.)*)"|`(?<template>(?:[^`\\]|\\.)*)`/g
const THREE_WORDS = /[A-Za-z]+\S* \S+ \S*[A-Za-z]/

/** Returns the quoted texts of a line or, if none exist, the text between tags. */
function listMessages(line: string): string[] {
  const quoted = [...line.matchAll(QUOTED)].map(
    ({ groups }) => groups?.single ?? groups?.double ?? groups?.template ?? '',
  )
  // Handle a line of a page or of a long template that contains prose.
  const bare = line.replaceAll(/<[^<>]*>/g, ' ').trim()
  const isProse = quoted.length === 0 && /^[A-Z"$][\w ,.:;'’"(){}$…-]*$/.test(bare) && !/[=;]|=>/.test(bare)
  return [...quoted, ...(isProse ? [bare] : [])].filter(text => THREE_WORDS.test(text))
}
