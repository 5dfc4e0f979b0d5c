//! What source files import from each other, read from their tokens: comments and texts don't count, what stands in macros does.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The names of a path from the crate's root: of a module, or of an item.
pub(super) type Names = Vec<String>;

/// A path of the crate that a file names.
#[derive(Clone, Debug)]
pub(super) struct Import {
    pub names: Names,
    pub line: usize,
    /// Whether it stands in a module of unit tests.
    pub in_tests: bool,
}

/// A source file, which is a module of the library.
#[derive(Debug, Default)]
struct File {
    imports: Vec<Import>,
    /// What `use` binds in the file: a name, and the path that it stands for.
    bindings: BTreeMap<String, Names>,
}

/// The source files of a library, by their modules; the root is the module without names.
#[derive(Debug)]
pub(super) struct Library(BTreeMap<Names, File>);

impl Library {
    /// Reads files, each with its path below src.
    pub(super) fn read(sources: &[(String, String)]) -> Self {
        let modules: BTreeSet<Names> = sources.iter().map(|(path, _)| module(path)).collect();
        let file = |(path, source): &(String, String)| {
            let module = module(path);
            let mut reader = Reader { modules: &modules, file: File::default() };
            let in_tests = module.iter().any(|name| name == "tests");
            reader.read(tokens(path, source), &module, in_tests);
            (module, reader.file)
        };
        Library(sources.iter().map(file).collect())
    }

    /// The modules that have a file of their own.
    pub(super) fn modules(&self) -> impl Iterator<Item = &Names> {
        self.0.keys()
    }

    /// What a module's file imports, each with the module in whose file that is.
    pub(super) fn imports(&self, module: &Names) -> impl Iterator<Item = (&Import, Names)> {
        self.0[module].imports.iter().map(|import| (import, self.home(&import.names, 0)))
    }

    /// The module whose file holds an item; what others pass on by `use` is traced back, through so many of them so far.
    fn home(&self, names: &[String], traced: usize) -> Names {
        let mut module = Names::new();
        for (place, name) in names.iter().enumerate() {
            let inner = joined(&module, std::slice::from_ref(name));
            if self.0.contains_key(&inner) {
                module = inner;
                continue;
            }
            let Some(origin) = self.0.get(&module).and_then(|file| file.bindings.get(name)) else { break };
            // A binding may stand for itself (`use self::x`) or, by an inner module's, for another of its name.
            if traced < 8 && *origin != names[..=place] {
                return self.home(&joined(origin, &names[place + 1..]), traced + 1);
            }
            break;
        }
        module
    }
}

/// The tokens of a source text.
pub(super) fn tokens(path: &str, source: &str) -> Vec<TokenTree> {
    let stream: TokenStream = source.parse().unwrap_or_else(|error| panic!("{path}: {error}"));
    stream.into_iter().collect()
}

/// The module of a file with this path below src.
pub(super) fn module(path: &str) -> Names {
    let mut names: Names = path.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if names.last().is_some_and(|name| name == "mod" || name == "lib") {
        names.pop();
    }
    names
}

pub(super) fn word(tree: Option<&TokenTree>) -> String {
    if let Some(TokenTree::Ident(word)) = tree { word.to_string() } else { String::new() }
}

pub(super) fn is_sign(tree: Option<&TokenTree>, sign: char) -> bool {
    matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
}

/// Whether `::` stands at a place.
pub(super) fn is_path_sign(trees: &[TokenTree], place: usize) -> bool {
    is_sign(trees.get(place), ':') && is_sign(trees.get(place + 1), ':')
}

fn joined(one: &[String], other: &[String]) -> Names {
    [one, other].concat()
}

/// Collects the imports of a file.
struct Reader<'a> {
    modules: &'a BTreeSet<Names>,
    file: File,
}

impl Reader<'_> {
    /// Reads what stands in a module, or in braces within it.
    fn read(&mut self, trees: Vec<TokenTree>, module: &Names, in_tests: bool) {
        let mut place = 0;
        while place < trees.len() {
            let text = word(trees.get(place));
            match &trees[place] {
                TokenTree::Group(group) => {
                    let name = if word(trees.get(place.wrapping_sub(2))) == "mod" {
                        word(trees.get(place - 1))
                    } else {
                        String::new()
                    };
                    let inner =
                        if name.is_empty() { module.clone() } else { joined(module, std::slice::from_ref(&name)) };
                    self.read(group.stream().into_iter().collect(), &inner, in_tests || name == "tests");
                }
                TokenTree::Ident(_) if text == "use" => {
                    let end = trees[place..]
                        .iter()
                        .position(|tree| is_sign(Some(tree), ';'))
                        .map_or(trees.len(), |end| place + end);
                    for path in paths(&trees[place + 1..end], &[]) {
                        let binding = self.import(&path, module, in_tests);
                        self.file.bindings.extend(binding.map(|names| (path.binds, names)));
                    }
                    place = end;
                }
                TokenTree::Ident(_) if is_start_of_path(&trees, place) => {
                    for path in paths(&trees[place..], &[]) {
                        self.import(&path, module, in_tests);
                    }
                }
                _ => {}
            }
            place += 1;
        }
    }

    /// Notes a path that a module names, unless it leads to another crate; its names from the crate's root.
    fn import(&mut self, path: &Path, module: &Names, in_tests: bool) -> Option<Names> {
        let names = self.names_from_root(&path.names, module)?;
        self.file.imports.push(Import { names: names.clone(), line: path.line, in_tests });
        Some(names)
    }

    /// The names from the crate's root of a path that is named in a module.
    fn names_from_root(&self, names: &[String], module: &Names) -> Option<Names> {
        let climbs = names.iter().take_while(|name| *name == "super").count();
        match names[0].as_str() {
            "crate" => Some(names[1..].to_vec()),
            "self" => Some(joined(module, &names[1..])),
            "super" => Some(joined(&module[..module.len().saturating_sub(climbs)], &names[climbs..])),
            child => self.modules.contains(&joined(module, &[child.to_owned()])).then(|| joined(module, names)),
        }
    }
}

/// Whether a path from the crate's root, or from the module above, begins here.
fn is_start_of_path(trees: &[TokenTree], place: usize) -> bool {
    let starts = ["crate", "super"].contains(&word(trees.get(place)).as_str());
    starts && is_path_sign(trees, place + 1) && !is_path_sign(trees, place.wrapping_sub(2))
}

/// A path as it stands in the source, and the name that `use` binds to it.
struct Path {
    names: Names,
    binds: String,
    line: usize,
}

/// The paths that start here: one, or all those of a group in braces.
fn paths(trees: &[TokenTree], before: &[String]) -> Vec<Path> {
    let mut names = before.to_vec();
    let mut line = 0;
    let mut place = 0;
    loop {
        match trees.get(place) {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                let parts = inner.split(|tree| is_sign(Some(tree), ',')).filter(|part| !part.is_empty());
                return parts.flat_map(|part| paths(part, &names)).collect();
            }
            Some(TokenTree::Ident(name)) => {
                line = name.span().start().line;
                // `a::{self, b}` names a itself.
                if names.is_empty() || name != "self" {
                    names.push(name.to_string());
                }
            }
            _ => break,
        }
        place += 1;
        if !is_path_sign(trees, place) {
            break;
        }
        place += 2;
    }
    let renamed = if word(trees.get(place)) == "as" { Some(word(trees.get(place + 1))) } else { None };
    let Some(last) = names.last().cloned() else { return Vec::new() };
    vec![Path { names, binds: renamed.unwrap_or(last), line }]
}
