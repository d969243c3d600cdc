/** The words of the story generator and of the taste that judges it: few enough for a small vocabulary. */

const list = (words: string): readonly string[] => words.split(/\s+/)

export const characters = list(
  `fox bear cat dog mouse rabbit owl frog duck hen pig cow horse goat sheep lion tiger wolf deer mole snake bee ant crow
goose turtle monkey squirrel boy girl farmer baker king queen sailor giant`,
)

export const objects = list(
  `key ball hat lamp kite drum bell book cup box ring map boat cake apple coat shoe spoon stone flower feather basket
button candle coin crown doll flute ladder mirror nut pie rope shell umbrella blanket`,
)

export const names = list('Tom Lily Max Anna Ben Mia Sam Lucy Leo Rosa Finn Nora Otto Ida Hugo Emma')

export const colours = list('red blue green yellow white black brown golden silver pink')
export const characterAdjectives = list('little old small big brave lazy clever quiet hungry tired young funny')
export const objectAdjectives = list('little old small big new heavy soft shiny pretty strange lovely broken')

export const places = [
  'in the forest',
  'by the river',
  'near the old mill',
  'in a small village',
  'on a hill',
  'by the sea',
  'in the garden',
  'on the farm',
  'near the lake',
  'in the snow',
  'under a big tree',
  'behind the house',
] as const

export const times = list('morning evening day night summer winter')

/** Words of kind and of unkind deeds. */
export const kindWords = list('kind shared helped hugged gave thanked gently friend friends together welcome thank')
export const unkindWords = list('mean pushed shouted stole broke hid kicked lied angry away mine')

/** Words of a happy and of a sad end. */
export const happyWords = list('happy smiled danced laughed sang cheered glad joy')
export const sadWords = list('sad cried alone lost tears sorry never')
