//! What is in an HDF5 file: its groups and datasets.
//!
//! Hard links alone are followed: any other shows what has another name, lies in another file, or nowhere. A group is entered once, however
//! many links lead to it. A dataset stands under each of its names. Left out: named types.

use hdf5::{Group, LinkType, LocationType};

/// How deep groups may lie in each other: deeper than anybody's, and far from what names and time could not bear.
const DEEPEST: usize = 64;

/// The names of all groups, `/` the first, and of all datasets, sorted.
pub(super) struct Objects {
    pub groups: Vec<String>,
    pub datasets: Vec<String>,
    /// The names of datasets that have another before it.
    pub second_names: Vec<String>,
}

impl Objects {
    pub(super) fn of(file: &hdf5::File) -> hdf5::Result<Self> {
        let root = (**file).clone();
        let mut entered = vec![root.loc_info()?.token];
        let mut groups = vec!["/".to_owned()];
        let mut datasets = Vec::new();
        let mut left = vec![(root, String::new(), 1)];
        while let Some((group, above, depth)) = left.pop() {
            for link in hard_links(&group)? {
                let name = format!("{above}{link}");
                let about = group.loc_info_by_name(&link)?;
                match about.loc_type {
                    LocationType::Dataset => datasets.push((name, about)),
                    LocationType::Group if !entered.contains(&about.token) => {
                        if depth == DEEPEST {
                            return Err(format!("groups lie more than {DEEPEST} deep in each other").into());
                        }
                        entered.push(about.token);
                        left.push((group.group(&link)?, format!("{name}/"), depth + 1));
                        groups.push(name);
                    }
                    _ => {}
                }
            }
        }
        groups.sort();
        datasets.sort_by(|a, b| a.0.cmp(&b.0));
        let mut known = Vec::new();
        let mut second_names = Vec::new();
        for (name, about) in datasets.iter().filter(|(_, about)| about.num_links > 1) {
            if known.contains(&about.token) {
                second_names.push(name.clone());
            } else {
                known.push(about.token);
            }
        }
        let datasets = datasets.into_iter().map(|(name, _)| name).collect();
        Ok(Objects { groups, datasets, second_names })
    }
}

/// The names of a group's hard links.
fn hard_links(group: &Group) -> hdf5::Result<Vec<String>> {
    let mut names = Vec::new();
    group.iter_visit_default(|name, link| {
        if link.link_type == LinkType::Hard {
            names.push(name.to_owned());
        }
        Ok(())
    })?;
    Ok(names)
}
