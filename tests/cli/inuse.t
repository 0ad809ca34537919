# Rules in use: asked, kept, ended.
@include router.part
Router(config-if)#exit
Router(config)#access-list 1 permit 10.0.0.0 0.0.0.255
Router(config)#ip nat inside source list 1 interface eth1 overload
@packet
Router(config)#do show ip nat translations
Pro  Inside global         Inside local          Outside local         Outside global
udp  198.51.100.1:5000     10.0.0.100:5000       192.0.2.9:99          192.0.2.9:99
Total number of translations: 1
Router(config)#no ip nat inside source list 1 interface eth1 overload

Dynamic mapping in use, do you want to delete all entries? [no]: {}
%Dynamic mapping in use, cannot remove
Router(config)#no ip nat inside source list 1 interface eth1 overload

Dynamic mapping in use, do you want to delete all entries? [no]: {^C}
%Dynamic mapping in use, cannot remove
Router(config)#do show running-config | include ip nat inside source
ip nat inside source list 1 interface GigabitEthernet0/1 overload
Router(config)#interface eth0
Router(config-if)#no ip nat inside source list 1 interface eth1 overload

Dynamic mapping in use, do you want to delete all entries? [no]: {yes}
Router(config)#do show ip nat translations
Total number of translations: 0
Router(config)#do show running-config | include ip nat inside source
Router(config)#ip nat inside source static 10.0.0.100 198.51.100.100
@packet
Router(config)#do show ip nat translations
Pro  Inside global         Inside local          Outside local         Outside global
udp  198.51.100.100:5000   10.0.0.100:5000       192.0.2.9:99          192.0.2.9:99
---  198.51.100.100        10.0.0.100            ---                   ---
Total number of translations: 2
Router(config)#no ip nat inside source static 10.0.0.100 198.51.100.100

Static entry in use, do you want to delete child entries? [no]: {no}
%Static entry in use, cannot remove
Router(config)#no ip nat inside source static 10.0.0.100 198.51.100.100

Static entry in use, do you want to delete child entries? [no]: {y}
Router(config)#do show ip nat translations
Total number of translations: 0
Router(config)#ip access-list standard static
Router(config-std-nacl)#permit 10.0.0.0 0.0.0.255
Router(config-std-nacl)#ip nat inside source list static interface eth1 overload
@packet
Router(config)#no ip nat inside source list static interface eth1 overload

Dynamic mapping in use, do you want to delete all entries? [no]: {yes}
Router(config)#no ip access-list standard static
Router(config)#end
*TIME: %SYS-5-CONFIG_I: Configured from console by console
# another operator's answer, and lines from a file
$ algate
< enable
< conf t
< ip nat inside source list 1 interface eth1 overload
Enter configuration commands, one per line.  End with CNTL/Z.
[0]
@packet
$ algate
< enable
< conf t
< no ip nat inside source list 1 interface eth1 overload
< yes
< do show ip nat translations
Enter configuration commands, one per line.  End with CNTL/Z.

Dynamic mapping in use, do you want to delete all entries? [no]: 
Total number of translations: 0
[0]
