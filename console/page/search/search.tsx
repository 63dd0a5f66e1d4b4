/** Search results as links. A single exact match opens its page directly. */
import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { addressOf, useParameter } from '../data/address.ts'
import { ask } from '../data/ask.ts'
import { askedFor } from '../journey/words.ts'
import { Empty, Known } from '../parts/known.tsx'
import { countText } from '../parts/words.ts'
import { onlyExact, type Result, search, summaryText, unaskedText } from './looked-for.ts'
import './search.css'

/** Maximum number of results shown per kind. */
const MAX_SHOWN = 20

export function Search(): JSX.Element {
  const [given] = useParameter('for')
  const text = given.trim()
  return (
    <>
      <h1>Search</h1>
      {text ? (
        <Results key={text} text={text} />
      ) : (
        <Empty>
          The field above finds entities, alerts, events, consumer groups and topics, by id or by name.
        </Empty>
      )}
    </>
  )
}

function Results({ text }: { readonly text: string }): JSX.Element {
  const { route } = useLocation()
  const [results, setResults] = useState<readonly Result[]>()
  const [round, setRound] = useState(0)
  useEffect(() => {
    const over = new AbortController()
    const { signal } = over
    void search(path => ask(path, { signal }), text).then(found => {
      if (signal.aborted) return
      const only = onlyExact(found)
      if (only === undefined) setResults(found)
      else route(only, true)
    })
    return () => over.abort()
  }, [text, round])
  const message = unaskedText(results ?? [])
  const problem = message === undefined ? undefined : ({ code: 'unavailable', message } as const)
  return (
    <Known of={{ answer: results, problem, again: () => setRound(round + 1) }} what={`“${text}”`}>
      {found => (
        <>
          <p role="status">{summaryText(found, text)}</p>
          {found.map(result => (
            <Kind key={result.kind.title} result={result} />
          ))}
          <p>
            For the id of an event, <a href={addressOf('/event', { ...askedFor(text) })}>search the log</a>.
          </p>
        </>
      )}
    </Known>
  )
}

function Kind({ result: { kind, found } }: { readonly result: Result }): JSX.Element | null {
  if (!found || found.total === 0) return null
  const shown = found.things.slice(0, MAX_SHOWN)
  const more = found.total - shown.length
  return (
    <section aria-label={kind.title}>
      <h2>{kind.title}</h2>
      <ul class="list breaks">
        {shown.map(({ text, note, href, isExact }) => (
          <li key={href}>
            <a href={href}>{isExact ? <strong>{text}</strong> : text}</a>{' '}
            {note && <small class="muted">{note}</small>}
          </li>
        ))}
      </ul>
      {more > 0 && <p class="muted">{countText(more, 'match', 'matches')} more: name more of it.</p>}
    </section>
  )
}

const FORM_FIELDS = 'input, select, textarea, [contenteditable]'

export function SearchField(): JSX.Element {
  const { path, query, route } = useLocation()
  const asked = path === '/search' ? (query.for ?? '') : ''
  const [text, setText] = useState(asked)
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => setText(asked), [asked])
  useLayoutEffect(() => {
    const focusByKey = (event: KeyboardEvent) => {
      const { key, target, ctrlKey, metaKey, altKey } = event
      if (key !== '/' || ctrlKey || metaKey || altKey) return
      // Ignore the key in form fields, where it enters a character, and while a dialog is open, because the search field is behind
      // it.
      if ((target as Element).matches(FORM_FIELDS) || document.querySelector('dialog[open]')) return
      event.preventDefault()
      field.current?.select()
      field.current?.focus()
    }
    addEventListener('keydown', focusByKey)
    return () => removeEventListener('keydown', focusByKey)
  }, [])
  const search = (event: Event) => {
    event.preventDefault()
    if (text.trim() !== '') route(addressOf('/search', { for: text.trim() }))
  }
  return (
    <search class="find">
      <form onSubmit={search}>
        <input
          ref={field}
          type="search"
          name="for"
          value={text}
          aria-label="Search everything"
          aria-keyshortcuts="/"
          placeholder="Search ( / )"
          autocomplete="off"
          spellcheck={false}
          onInput={event => setText(event.currentTarget.value)}
        />
      </form>
    </search>
  )
}
