/** What happens when a person comes to another page: its name is shown, and the keyboard and the screen reader begin at its heading. */
import type { RefObject } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

/**
 * @param path of the page; a change of its parameters alone is no arrival
 * @param title of its area
 * @param content where the page is
 */
export function useArrival(path: string, title: string, content: RefObject<HTMLElement | null>): void {
  const isFirst = useRef(true)
  useEffect(() => {
    document.title = title
    // The browser begins at the top of the first page by itself.
    if (!isFirst.current) focusOn(content.current?.querySelector('h1') ?? content.current)
    isFirst.current = false
  }, [path, title])
}

function focusOn(element: HTMLElement | null): void {
  if (!element) return
  element.tabIndex = -1
  element.focus({ preventScroll: true })
}
