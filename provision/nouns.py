"""Own list of Spanish nouns for temporary passwords: nature, food, animals, objects; plain letters, easy to dictate.

No accents, no ñ; no names of people, parties or religion, and nothing that offends in Colombia.
"""

_WORDS = """
abalorio abanico abedul abeja abrigo acacia acantilado aceite aceituna acordeon acuarela aguacate ajedrez ajonjoli
alambre alameda albahaca alcachofa aldea alfiler alfombra algodon aljibe almendra alondra alpaca alpargata altavoz
amapola ambar ancla andamio anillo antena anzuelo arcilla ardilla arena armadillo armario arpa arrayan arrecife
arroyo arroz artesa asteroide astro atlas atun avellana avena avestruz avion azafran azucar azulejo bahareque bahia
balanza balcon balon balsa bambu bandeja barandal barca barranco bastidor batidora baul bejuco berenjena bicicleta
billete bisagra bizcocho bloque bolsillo bonsai bordado botella boton brisa brocha bronce brujula bufanda buho
burbuja buzon cabina cable cabuya cactus cadena cafe cafetal caiman caja calabaza calamar calcetin calendario camino
camisa campana canario canasta candado canela canguro canoa cantera cantimplora caracol caramelo carbon cardumen
carpeta carreta carrusel cartel cartulina cascada catarata caucho cebada cebolla cebra cedro centeno cepillo
ceramica cereza cerro cesta chaleco chaqueta charco chocolate cielo ciervo cilantro cima cinta ciruela cisne
clarinete clavel cobalto cobre cocina cocuyo codorniz cohete colibri colina collar colmena columna columpio cometa
comino compas condor cordel cordillera corredor corteza cortina cosecha cuaderno cuadro cuarzo cuenco cueva curuba
dado danta datil delfin diamante dibujo disco domino ducha durazno ebano eclipse edificio elefante embudo empanada
ensalada escalera escarabajo escarcha escoba escritorio escudo espatula espejo espiga espinaca espiral espuma
esquina estanque estante estribo estuche etiqueta eucalipto fabrica faro farol fideos flamenco flauta flecha fogata
follaje foto frailejon frambuesa frasco fresa frijol fruta fuente gacela galeria galleta garbanzo gavilan gaviota
geiser gelatina geranio girasol glaciar globo golondrina gondola gorra granero granito granizo grillo grulla
guacamaya guadua guama guanabana guante guayaba guayacan guisante guitarra halcon hamaca harina hebilla helado
helecho hexagono hielo hierro hilo hojarasca horizonte hormiga horno hortaliza huella iglu iguana imprenta isla
istmo jabon jacinto jaguar jardin jarra jengibre jirafa joya juguete junco jungla kayak kiwi koala ladrillo lago
laguna lampara lana lancha lapiz lavanda leche lechuga lechuza lente lenteja leopardo libelula libro liebre lienzo
lima limon linterna lirio llanta llanura llave llavero lluvia loma loro loto lulo lupa madeja madera maleta
mamoncillo manantial mandarina mandolina manglar mango manta mantel manzana mapa maqueta maraca maracuya marimba
mariposa marmol marsopa mazorca medusa melaza melocoton membrillo menta meseta metal mineral mirador mirlo mirto
mochila mojarra molino moneda morichal morral mosaico mostaza motor mueble muelle muralla musgo naranja nardo navio
neblina nectar niebla nispero nopal nube nuez nutria oasis oboe ocarina oceano ocelote ojal oleaje olla onda opalo
orbita oregano orilla ostra oveja palma palmera panal panda pantalla papagayo papel paprika paraguas pastel patin
patineta patio pelicano pelota pendulo perejil persiana piano pimenton pimienta pincel pintura pista pitahaya
pizarra planeta pluma polea pomelo portal potrero pozo pradera prisma puerta puma quebrada quena quesillo queso
quetzal quilla quinoa quiosco rabano radar radio ramillete rana raqueta regadera regla relampago remo remolacha
remolino reno repisa repollo retama riachuelo ribera rocio ronda rueda sabana salmon salvia sandalia sardina
satelite sauce sello selva semilla sendero silbato silla sofa sombrero sombrilla sopa sorbete surco tablero taburete
tamarindo tapete tapir tarjeta taza techo teclado teja tejado tejido telar telescopio tenedor terraza tesoro tetera
tiburon tienda tigre tijera timbre timon tiple tiza toalla toldo tomate tormenta toronja totumo trapecio trapiche
trebol tren trenza triangulo trigo trineo trompeta trompo trucha tucan tulipan tunel turmalina turpial turquesa
uchuva vagon vainilla vapor vasija vaso velero venado ventana vereda vidrio viento viola violin yarumo yate yema
yogur yuca zafiro zapato zapote zarzamora zinc zorzal
"""

NOUNS: tuple[str, ...] = tuple(_WORDS.split())
