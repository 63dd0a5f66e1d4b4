/** Search field for lists that the server has truncated. */
import type { JSX } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { useParameter } from '../client/url-parameters.ts'
import { formatCount } from '../components/value-texts.ts'

/**
 * Search field for a list that the server has truncated. After it has been shown, it stays visible, because it may have the focus.
 */
export function FindMore({ more, one }: { readonly more: number; readonly one: string }): JSX.Element | null {
  const [find, setFind] = useParameter('find')
  const [draft, setDraft] = useState(find)
  const id = useId()
  useEffect(() => setDraft(find), [find])
  const isShown = useRef(false)
  isShown.current ||= more > 0 || find !== ''
  if (!isShown.current) return null
  return (
    <form
      class="row"
      onSubmit={event => {
        event.preventDefault()
        setFind(draft.trim())
      }}
    >
      {more > 0 && <p>{formatCount(more, one)} more: name a part of what you look for.</p>}
      <label for={id}>Find by name</label>
      <input
        id={id}
        name="find"
        type="search"
        value={draft}
        onInput={event => setDraft(event.currentTarget.value)}
      />
      <button type="submit" class="secondary">
        Find
      </button>
    </form>
  )
}
