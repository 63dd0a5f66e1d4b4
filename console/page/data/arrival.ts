/** Arrival at another page: its name is shown, and the keyboard and the screen reader begin at its heading. */
import type { RefObject } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

/**
 * @param page the key of the page; a change of other parameters does not count as an arrival
 * @param title of the page
 * @param content where the page is
 */
export function useArrival(page: string, title: string, content: RefObject<HTMLElement | null>): void {
  const isFirst = useRef(true)
  const returnedTo = useReturn()
  useEffect(() => {
    document.title = title
    // The browser begins at the top of the first page by itself.
    if (!isFirst.current) {
      focusOn(content.current?.querySelector('h1') ?? content.current)
      // Where a person goes back to, the browser scrolls to where the person was.
      if (returnedTo.current !== location.href) scrollTo(0, 0)
    }
    isFirst.current = false
    returnedTo.current = undefined
  }, [page, title])
}

/** The address to which the browser's own buttons have led, if they have led here. */
function useReturn(): { current: string | undefined } {
  const returnedTo = useRef<string | undefined>(undefined)
  useEffect(() => {
    const note = () => {
      returnedTo.current = location.href
    }
    addEventListener('popstate', note)
    return () => removeEventListener('popstate', note)
  }, [])
  return returnedTo
}

function focusOn(element: HTMLElement | null): void {
  if (!element) return
  element.tabIndex = -1
  element.focus({ preventScroll: true })
}
