/** The field in the head of every page; "/" leads to it. */
import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { addressOf } from '../data/search.ts'
import './search.css'

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
      // There it is a letter; and what lies under an open dialog cannot be reached.
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
