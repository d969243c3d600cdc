import { expect, it } from 'vitest'
import { markNewWords } from './new-words.ts'

it('marks the words that the text before lacks, and loses no character', () => {
  const parts = markNewWords('The fox ran home.', 'The red fox\n ran  home. ')
  expect(parts).toEqual([
    { text: 'The', isNew: false },
    { text: ' red', isNew: true },
    { text: ' fox\n ran  home. ', isNew: false },
  ])
})

it('marks a word that stands elsewhere', () => {
  const marked = markNewWords('a b c d', 'b c d a').filter(({ isNew }) => isNew)
  expect(marked).toEqual([{ text: ' a', isNew: true }])
})

it('marks nothing in a text that has little in common with the one before', () => {
  expect(markNewWords('x y z', 'a whole other story y')).toEqual([{ text: 'a whole other story y', isNew: false }])
})

it('marks nothing in equal texts and in an empty one', () => {
  expect(markNewWords('same', 'same')).toEqual([{ text: 'same', isNew: false }])
  expect(markNewWords('same', '')).toEqual([{ text: '', isNew: false }])
})
